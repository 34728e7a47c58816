"""The pages of causes, from the groups of the queue and from one cause with its history."""

import shlex
from collections.abc import Mapping, Sequence

from throughline.console.causes import CausePage, CauseRow, CausesPage, WayRow, Worked
from throughline.console.deed import Deed
from throughline.console.from_hub import holds, wording
from throughline.console.from_hub.frame import Setting, shell
from throughline.console.pieces import EmptyPlace
from throughline.console.shell import Crumb
from throughline.hub.desk.causes import Found, why_grouped
from throughline.hub.desk.queue import Group, Total
from throughline.store.database import Row

EMPTY = EmptyPlace("Nothing is held", "Holds that say the same of different deals are one cause, and stand here.", "")
SHOWN = {
    "open": ("Open", "warn", "circle-alert"),
    "regressed": ("Came back", "risk", "rotate-ccw"),
    "resolved": ("Resolved", "ok", "circle-check"),
}


def page(setting: Setting, groups: Sequence[Group], total: Total) -> CausesPage:
    return CausesPage(
        shell=shell(setting, "Causes", "holds", Crumb("Holds", "/holds"), Crumb("Causes")),
        summary=f"{wording.counted(len(groups), 'cause')} of {holds.sentence(total, 'open hold')}",
        fragment_url="/causes/fragment",
        holds_url="/holds",
        file_url="/causes.csv",
        rows=tuple(row(each, setting) for each in groups),
        empty=EMPTY,
        cli="throughline causes list",
    )


def row(group: Group, setting: Setting) -> CauseRow:
    cause, total = group.cause, group.total
    state, tone, _ = SHOWN[cause["state"]]
    return CauseRow(
        key=cause["id"],
        href=f"/causes/{cause['id']}",
        pattern=cause["pattern"],
        where=", ".join(filter(None, (cause["workflow"], cause["part"]))) or cause["kind"],
        state=state,
        tone=tone,
        holds=f"{total.holds:,}",
        amount=wording.monies(total.amounts),
        unknown=f"{total.unknown:,}" if total.unknown else "",
        age=wording.age(group.since, setting.now),
    )


def one(
    setting: Setting, found: Found, rows: Sequence[Row], names: Mapping[str, str], others: Sequence[Group]
) -> CausePage:
    cause = found.row
    state, tone, icon = SHOWN[cause["state"]]
    return CausePage(
        shell=shell(setting, cause["pattern"], "holds", Crumb("Holds", "/holds"), Crumb("Causes", "/causes"),
                    Crumb(cause["id"]), cli=f"throughline causes show {cause['id']}"),
        fragment_url=f"/causes/{cause['id']}/fragment",
        key=cause["id"],
        pattern=cause["pattern"],
        state=state,
        tone=tone,
        icon=icon,
        why_grouped=why_grouped(cause),
        proposal=wording.proposal(found.best, found.worked),
        resolved=_resolved(cause),
        holds=f"{found.total.holds:,}",
        holds_url=f"/holds?cause={cause['id']}",
        amount=wording.monies(found.total.amounts),
        unknown=f"{found.total.unknown:,}" if found.total.unknown else "",
        since=wording.at(cause["first_at"]),
        merged=tuple((each["pattern"], f"/causes/{each['id']}") for each in found.merged),
        merged_into=f"/causes/{cause['merged_into']}" if cause["merged_into"] else "",
        rows=tuple(holds.row(each, setting, names) for each in rows),
        ways=ways(found),
        worked=tuple(Worked(reason=w["reason"], person=w["person"], at=wording.at(w["at"])) for w in found.worked),
        deeds=_deeds(found, rows, others),
    )  # fmt: skip


def ways(found: Found) -> tuple[WayRow, ...]:
    return tuple(
        WayRow(words=way.words, times=f"{way.times:,}", worked=f"{way.worked:,}", came_back=f"{way.came_back:,}",
               last=wording.at(way.last_at), best=way == found.best)
        for way in found.ways
    )  # fmt: skip


def _resolved(cause: Row) -> str:
    if cause["resolved_at"] is None:
        return ""
    said = f"Resolved by {cause['person']}, {wording.at(cause['resolved_at']).text}: {cause['reason']}"
    back = f" It came back, {wording.at(cause['regressed_at']).text}." if cause["state"] == "regressed" else ""
    return said + back


def _deeds(found: Found, rows: Sequence[Row], others: Sequence[Group]) -> tuple[Deed, ...]:
    """What can be done about it now."""
    id_ = found.row["id"]
    said = [_clear(id_, found, rows)] if rows else []
    if len(rows) > 1:
        said.append(_deed(id_, "split", "Split", "These become a group of their own; what comes later does not follow.",
                          " <hold>", label="Which do not belong here",
                          ticks=tuple((row["id"], row["why"]) for row in rows)))  # fmt: skip
    offers = tuple((g.cause["id"], g.cause["pattern"]) for g in others if g.cause["id"] != id_)
    if offers and not found.row["merged_into"]:
        said.append(_deed(id_, "merge", "Merge into another", "What has it, now and later, belongs to the other.",
                          " <other>", field="into", label="It is the same as", offers=offers))  # fmt: skip
    if found.merged:
        said.append(_deed(id_, "part", "Part", "What was merged into it goes by itself again.", ""))
    if not found.total.holds and found.row["state"] != "resolved":
        said.append(_deed(id_, "resolve", "Resolve", "It is mended for good. If it comes back, it says so.", ""))
    return tuple(said)


def _clear(id_: str, found: Found, rows: Sequence[Row]) -> Deed:
    """All of it goes on, one of them first."""
    choices: Sequence[str] = rows[0]["choices"]
    first = found.best.choice if found.best and found.best.choice in choices else None
    offers = tuple((each, each) for each in sorted(choices, key=lambda each: each != first))
    words = "answered" if choices else "released"
    option = f" --choice {shlex.quote(offers[0][0])}" if offers else ""
    return Deed(
        key="clear", verb="Clear all of them", icon="wand-sparkles", url=f"/causes/{id_}/clear", primary=True,
        effect=f"{wording.counted(found.total.holds, 'hold')}: the one with the least at risk is {words} first, alone;"
        " the rest only when its run went through. If it comes back, nothing else is touched.",
        field="choice" if choices else "", label="Answer with", offers=offers,
        cli=f'throughline causes clear {id_}{option} --reason "..."',
    )  # fmt: skip


def _deed(
    id_: str, key: str, verb: str, effect: str, more: str, *, field: str = "", label: str = "",
    offers: tuple[tuple[str, str], ...] = (), ticks: tuple[tuple[str, str], ...] = (),
) -> Deed:  # fmt: skip
    cli = f'throughline causes {key} {id_}{more} --reason "..."'
    return Deed(key=key, verb=verb, icon="check", url=f"/causes/{id_}/{key}", effect=effect, cli=cli, field=field,
                label=label, offers=offers, ticks=ticks)  # fmt: skip
