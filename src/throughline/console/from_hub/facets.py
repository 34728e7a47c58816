"""The ways the queue is cut, as links above it."""

from collections.abc import Mapping

from throughline.console.cuts import query
from throughline.console.from_hub.frame import Setting
from throughline.console.holds import Facet, Filter

STATES = {"open": "Open", "regressed": "Came back", "snoozed": "Snoozed", "closed": "Closed"}
AGES = {"": "Any", "1": "a day", "7": "a week", "30": "a month"}
AMOUNTS = {"": "Any", "10000": "10,000 and more", "100000": "100,000 and more"}


def facets(
    setting: Setting, said: Mapping[str, str], *, standing: Mapping[str, int], owners: Mapping[str, int],
    workflows: tuple[str, ...],
) -> tuple[Facet, ...]:  # fmt: skip
    everyone = sum(owners.values())
    counted = {"": ("Everyone", f"{everyone:,}"), **{name: (name, f"{n:,}") for name, n in owners.items()}}
    mine = {setting.person: "Mine"} if setting.person else {}
    return (
        _facet("State", "state", {k: (w, _count(standing, k)) for k, w in STATES.items()}, said, otherwise="open"),
        _facet("Owner", "owner", counted, said),
        _facet("Assigned to", "assignee", _plain({"": "Anybody", **mine, "nobody": "Nobody"}), said, folded=True),
        _facet(
            "Stuck at",
            "system",
            _plain({"": "Any", **{s.name: s.name for s in setting.firm.systems}}),
            said,
            folded=True,
        ),
        _facet("Process", "workflow", _plain({"": "Any", **{name: name for name in workflows}}), said, folded=True),
        _facet("Waits for more than", "older", _plain(AGES), said, folded=True),
        _amounts(said),
    )


def _facet(
    title: str, name: str, values: Mapping[str, tuple[str, str]], said: Mapping[str, str], *, otherwise: str = "",
    folded: bool = False,
) -> Facet:  # fmt: skip
    now = said.get(name) or otherwise
    known = values if now in values else {**values, now: (now, "")}
    return Facet(title=title, folded=folded, filters=tuple(
        Filter(name=words, count=count, active=value == now,
               href=f"/holds{query(said, **{name: None if value == otherwise else value})}")
        for value, (words, count) in known.items()
    ))  # fmt: skip


def _amounts(said: Mapping[str, str]) -> Facet:
    """An amount in any currency, or one that nobody knows."""
    facet = _facet(
        "At risk", "at_least", _plain(AMOUNTS), {n: v for n, v in said.items() if n != "unknown"}, folded=True
    )
    unknown = bool(said.get("unknown"))
    known = tuple(Filter(name=f.name, href=f.href, count="", active=f.active and not unknown) for f in facet.filters)
    href = f"/holds{query({n: v for n, v in said.items() if n != 'at_least'}, unknown='yes')}"
    return Facet(
        title=facet.title, folded=True, filters=(*known, Filter(name="Unknown", href=href, count="", active=unknown))
    )


def _plain(words: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    return {value: (said, "") for value, said in words.items()}


def _count(standing: Mapping[str, int], state: str) -> str:
    return f"{standing[state]:,}" if state in standing else ""
