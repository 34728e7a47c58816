"""What can be done with one hold besides deciding it, what was done before, and what could not be sent."""

from collections.abc import Mapping
from typing import Any

from throughline.console.deed import Deed
from throughline.console.from_hub import wording
from throughline.console.hold import ComparedField, Note
from throughline.hub.desk.difference import Difference
from throughline.hub.telling import words
from throughline.store.database import Row

type HoldFacts = Row | dict[str, Any]

DONE = {"noted": "noted", "woken": "is in the queue again"}


def deeds(hold: HoldFacts) -> tuple[Deed, ...]:
    """Each says what it will do. A closed hold can still be noted."""
    id_ = hold["id"]
    said = [_note(id_)]
    if hold["state"] == "open":
        edit = [_correct(hold)] if hold["refused_put"] else []
        said = [*edit, _assign(id_), _snooze(id_), *said, *([_resolve(id_)] if hold["run"] else [])]
    return tuple(said)


def note(row: Row) -> Note:
    detail: Mapping[str, Any] = row["detail"]
    more = {"assigned": f" to {detail.get('to') or 'nobody'}", "snoozed": f" until {str(detail.get('until'))[:10]}"}
    what = DONE.get(row["action"], detail.get("how") or row["action"])
    return Note(person=row["actor"], what=f"{what}{more.get(row['action'], '')}", at=wording.at(row["at"]),
                text=detail.get("text") or detail.get("reason") or "")  # fmt: skip


def differing(difference: Difference | None) -> tuple[ComparedField, ...]:
    """What they hold, and what we wanted to send."""
    if difference is None:
        return ()
    return tuple(
        ComparedField(name=words(each.name), values=(plain(each.held), plain(each.wanted)),
                      differs=each.held != each.wanted)
        for each in difference.fields
    )  # fmt: skip


def plain(value: Any) -> str:
    """A value as people read it: money as money, a list line by line."""
    match value:
        case None:
            return ""
        case {"amount": amount, "currency": currency, **others} if not others:
            return wording.money(amount, currency)
        case dict():
            return ", ".join(f"{words(name)} {plain(each)}" for name, each in value.items() if each is not None)
        case list():
            return "; ".join(plain(each) for each in value)
        case _:
            return str(value)


def _correct(hold: HoldFacts) -> Deed:
    id_, put = hold["id"], hold["refused_put"]
    offers = tuple((name, f"{words(name)}, now {plain(value)}") for name, value in put["fields"].items())
    return Deed(key="correct", verb="Edit and retry", icon="wand-sparkles", url=f"/holds/{id_}/correct", field="field",
                label="Which value", offers=offers, also="value", also_label="What it should be",
                effect=f"Checked against the mapping first. {put['system']} is told this instead, by this run alone;"
                " the source stays as it is, and a correction there outdoes it.",
                cli=f'throughline holds correct {id_} <field> <value> --reason "..."')  # fmt: skip


def _assign(id_: str) -> Deed:
    return Deed(key="assign", verb="Assign", icon="user", url=f"/holds/{id_}/assign", field="to", label="To whom",
                effect="It is theirs, or nobody's when left empty. Its owner stays who the policy says.",
                cli=f"throughline holds assign {id_} <person>")  # fmt: skip


def _snooze(id_: str) -> Deed:
    return Deed(key="snooze", verb="Snooze", icon="clock", url=f"/holds/{id_}/snooze", field="until", label="Until",
                kind="date", effect="Out of the queue until that day; it comes back by itself, with the clock it had.",
                cli=f"throughline holds snooze {id_} <day>")  # fmt: skip


def _note(id_: str) -> Deed:
    return Deed(key="note", verb="Note", icon="reply", url=f"/holds/{id_}/note", field="text", label="Note",
                kind="area", effect="The next person reads it here. It stays when the hold is closed.",
                cli=f'throughline holds note {id_} "..."')  # fmt: skip


def _resolve(id_: str) -> Deed:
    return Deed(key="resolve", verb="Resolve", icon="circle-check", url=f"/holds/{id_}/resolve",
                effect="It was dealt with elsewhere: the run is over and sends nothing more. What is done stays.",
                cli=f'throughline holds resolve {id_} --reason "..."')  # fmt: skip
