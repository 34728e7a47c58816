"""The holds page and one hold's, from the exception queue."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from throughline.console.cuts import options, query
from throughline.console.from_hub import wording
from throughline.console.from_hub.frame import Setting, shell
from throughline.console.from_hub.hold_deeds import deeds, differing, note
from throughline.console.hold import Candidate, Choice, ComparedField, Comparison, Hold, HoldPage
from throughline.console.holds import Facet, HoldRow, HoldsPage
from throughline.console.pieces import Clock, EmptyPlace, LogEntry
from throughline.console.shell import Crumb
from throughline.console.states import State
from throughline.core.firm import Firm
from throughline.hub.desk.background import Background
from throughline.hub.desk.difference import Difference
from throughline.hub.desk.queue import Total
from throughline.hub.telling import words
from throughline.store.database import Row

type HoldFacts = Row | dict[str, Any]

EMPTY = EmptyPlace(
    "Nothing is held",
    "A run that needs a person waits here, with what it holds up, an owner and a fix.",
    "throughline simulate deal --missing purchase_order",
)
NONE_FITS = EmptyPlace("No hold is like that", "Take a filter away to see more.")
NEARLY = 75
GOES_ON = "Runs the process again from the top; what is already done is not done twice."
ALL_GO_ON = "Whatever waits for this system goes on, the oldest first; if it still does not let us in, it waits again."

# What some answers do, in a sentence; the rest are choices of the process itself.
EFFECTS = {
    "approve": "The handoff goes on: customer, contract and project are created.",
    "decline": "The handoff ends here. Nothing is created; the CRM is told.",
    "it arrived": "What was sent is taken as done, and is not sent again.",
    "send it again": "It is sent once more.",
}

# What is compared: where ours comes from, what it is, and what theirs are.
HEADS = {
    "question": ("crm", "Of the deal", "Already there"),
    "quarantine": ("hub", "What we sent", "Found there"),
    "change": ("crm", "As agreed", "With the change"),
}
# A change order is put before a person as two records: as it is agreed, and as it would be.
AS_AGREED = "as agreed"
OF_A_CHANGE = {
    "approve": "The change goes on: contract, billing plan, project and people are changed as shown.",
    "decline": "The change ends here. Nothing is changed; the CRM is told.",
}


def page(
    setting: Setting, rows: Sequence[HoldFacts], said: Mapping[str, str], *, total: Total,
    facets: tuple[Facet, ...], names: Mapping[str, str], cursor: str | None = None, older: str | None = None,
) -> HoldsPage:  # fmt: skip
    state = said.get("state") or "open"
    return HoldsPage(
        shell=shell(setting, "Holds", "holds", Crumb("Holds"), cli="throughline holds list"),
        summary=sentence(total, f"{state} hold"),
        fragment_url=f"/holds/fragment{query(said, after=cursor)}",
        facets=facets,
        narrowed=any(filter_.active for facet in facets if facet.folded for filter_ in facet.filters[1:]),
        rows=tuple(row(each, setting, names) for each in rows),
        empty=EMPTY if not said else NONE_FITS,
        causes_url="/causes",
        batches_url="/batches",
        file_url=f"/holds.csv{query(said)}",
        choose_url="/batches/new" if state != "closed" else "",
        cut=tuple(said.items()),
        fitting=f"{total.holds:,}",
        cli=f"throughline holds list{options(said, now=setting.now)}",
        older_url=f"/holds{query(said, after=older)}" if older else "",
        first_url=f"/holds{query(said)}" if cursor else "",
    )


def sentence(total: Total, noun: str) -> str:
    """What a cut comes to. What nobody knows is said beside the sum: it is in none."""
    said = [wording.counted(total.holds, noun)]
    said += [f"{wording.monies(total.amounts)} at risk"] if total.amounts else []
    said += [f"{total.unknown:,} of unknown amount"] if total.unknown else []
    return f"{', '.join(said)}."


def row(hold: HoldFacts, setting: Setting, names: Mapping[str, str]) -> HoldRow:
    return HoldRow(
        key=hold["id"],
        href=f"/holds/{hold['id']}",
        why=hold["why"],
        fix=hold["fix"],
        owner=hold["owner"],
        amount=wording.money(hold["amount"], hold["currency"]),
        age=wording.age(hold["opened_at"], setting.now),
        systems=between(hold, setting.firm),
        engagement_name=waiting(hold) or names.get(hold["correlation"], hold["correlation"]),
        engagement_href=home(hold),
        clock=clock(hold, setting),
        marks=marks(hold),
        cause_href=f"/causes/{hold['cause']}" if hold["cause"] else "",
    )


def marks(hold: HoldFacts) -> tuple[str, ...]:
    """What is peculiar to it beside its reason."""
    said = {
        "Came back": hold["regressed"],
        f"With {hold['assignee']}": hold["assignee"],
        f"Until {wording.at(hold['snoozed_until']).text}" if hold["snoozed_until"] else "": hold["snoozed_until"],
    }
    return tuple(words for words, there in said.items() if there)


def one(
    setting: Setting, hold: HoldFacts, name: str, history: tuple[LogEntry, ...], *, background: Background
) -> HoldPage:
    return HoldPage(
        shell=shell(
            setting,
            hold["why"],
            "holds",
            Crumb("Holds", "/holds"),
            Crumb(hold["id"]),
            cli=f"throughline holds show {hold['id']}",
        ),
        hold=told(hold, setting),
        systems=between(hold, setting.firm),
        engagement_name=waiting(hold) or name,
        engagement_href=home(hold),
        run=hold["run"] or "",
        fragment_url=f"/holds/{hold['id']}/fragment",
        history=history,
        comparison=comparison(hold, setting.firm),
        marks=marks(hold),
        cause=background.cause["pattern"] if background.cause else "",
        cause_href=f"/causes/{hold['cause']}" if background.cause else "",
        proposal=wording.proposal(background.best, background.worked),
        difference=differing(background.difference),
        difference_note=_there(background.difference),
        exchange=next((each.excerpt for each in history if each.excerpt and each.state is State.FAILED), None),
        notes=tuple(note(each) for each in reversed(background.notes)),
        deeds=deeds(hold),
    )


def _there(difference: Difference | None) -> str:
    if difference is None:
        return ""
    where = f"record {difference.key}" if difference.key else "they have none yet"
    return f"{difference.system}, {words(difference.kind).lower()}, {where}"


def proposed(said: HoldFacts, asks: str) -> str:
    """What one person has answered where two must agree, to whoever looks."""
    if said["person"] == asks:
        return f"You have proposed to {said['choice']}: somebody else must agree before anything goes on."
    return f"{said['person']} proposes to {said['choice']}. It is decided when you give the same answer."


def told(hold: HoldFacts, setting: Setting) -> Hold:
    id_, is_open, choices = hold["id"], hold["state"] == "open", hold["choices"]
    how = hold["closed_how"] or "closed"
    closed = hold["closed_at"]
    return Hold(
        key=id_,
        href=f"/holds/{id_}",
        why=hold["why"],
        fix=hold["fix"],
        owner=hold["owner"],
        amount=wording.money(hold["amount"], hold["currency"]),
        part=words(hold["part"] or hold["name"]),
        opened=wording.age(hold["opened_at"], setting.now) if is_open else wording.at(hold["opened_at"]),
        choices=tuple(choice(each, hold) for each in choices),
        answer_url=f"/holds/{id_}/answer" if is_open and choices else "",
        release_url=f"/holds/{id_}/release" if is_open and not choices else "",
        release_effect=ALL_GO_ON if hold["system"] else GOES_ON,
        cli=cli(id_, choices),
        clock=clock(hold, setting) if is_open else None,
        cancel_url=f"/runs/{hold['run']}/cancel" if is_open else "",
        cancel_effect="Ends the run for good: its holds close with your reason, and nothing more is sent for it."
        " What is already done stays; undo it with the command line.",
        resolution="" if is_open or closed is None else f"{how[:1].upper()}{how[1:]}, {wording.at(closed).text}.",
    )


def waiting(hold: HoldFacts) -> str:
    """Of a system's hold, who waits for it."""
    return f"{wording.counted(hold['waiting'], 'run')} of {hold['system']}" if hold["system"] else ""


def home(hold: HoldFacts) -> str:
    return "/systems" if hold["system"] else f"/engagements/{hold['correlation']}"


def choice(value: str, hold: HoldFacts) -> Choice:
    return Choice(value=value, label=f"{value[:1].upper()}{value[1:]}", effect=effect_of(value, hold))


def effect_of(value: str, hold: HoldFacts) -> str:
    """What an answer will do, said before it is done."""
    candidates: Sequence[dict[str, str]] = hold["candidates"]
    if is_change(candidates) and value in OF_A_CHANGE:
        return OF_A_CHANGE[value]
    if value in EFFECTS:
        return EFFECTS[value]
    for record in (each.get("record", "") for each in candidates[1:]):
        if record and value.endswith(f" {record}"):
            one = "What we sent" if hold["kind"] == "quarantine" else "Ours"
            return f"{one} and {record} become one. Nothing new is created there."
    if candidates:
        return "A new record is created there."
    return f"The run goes on with “{value}”."


def cli(id_: str, choices: Sequence[str]) -> str:
    if not choices:
        return f"throughline holds release {id_}"
    return f'throughline holds answer {id_} {shlex.quote(choices[0])} --reason "..."'


def clock(hold: HoldFacts, setting: Setting) -> Clock | None:
    """The time agreed for an answer. A clock that stops at night is not shown: we do not count business time yet."""
    sla = setting.firm.policies.slas.get("hold_answered")
    if sla is None or sla.within is None or sla.clock != "always":
        return None
    return running("Hold answered", (setting.now - hold["opened_at"]) / sla.within, wording.span(sla.within),
                   wording.span(abs(sla.within - (setting.now - hold["opened_at"]))))  # fmt: skip


def running(name: str, used: float, within: str, apart: str) -> Clock:
    if used >= 1:
        return Clock(name=name, text=f"{apart} over {within}", tone="risk", percent=100)
    return Clock(
        name=name,
        text=f"{apart} left of {within}",
        tone="warn" if used * 100 >= NEARLY else "ok",
        percent=int(used * 100),
    )


def between(hold: HoldFacts, firm: Firm) -> tuple[str, ...]:
    """The roles a hold is about: the part's own, and any system its text names."""
    if hold["system"]:
        return tuple(system.roles[0].value for system in firm.systems if system.name == hold["system"])
    by_part = {"gate": ("crm",), "finance": ("crm", "erp"), "delivery": ("crm", "psa")}
    named = tuple(system.roles[0].value for system in firm.systems if system.name in hold["why"].lower())
    return tuple(dict.fromkeys((*by_part.get(hold["part"] or "", ("crm",)), *named)))


def comparison(hold: HoldFacts, firm: Firm) -> Comparison | None:
    """The records a person is asked to compare, our own first."""
    records: Sequence[Mapping[str, str]] = hold["candidates"]
    if not records:
        return None
    there = between(hold, firm)[-1]
    kind = "change" if is_change(records) else "quarantine" if hold["kind"] == "quarantine" else "question"
    from_, ours, theirs = HEADS[kind]
    ids = ("" if kind == "change" else each.get("record", "") for each in records[1:])
    heads = (
        Candidate(system=from_, title=ours, id=""),
        *(Candidate(system=there, title=theirs, id=id_) for id_ in ids),
    )
    names = dict.fromkeys(name for each in records for name in each if name != "record")
    fields = tuple(_compared(name, tuple(each.get(name, "") for each in records)) for name in names)
    alike = sum(not field.differs for field in fields)
    return Comparison(candidates=heads, fields=fields, note=f"{alike} of {len(fields)} fields are the same")


def is_change(records: Sequence[Mapping[str, str]]) -> bool:
    return bool(records) and records[0].get("record") == AS_AGREED


def _compared(name: str, values: tuple[str, ...]) -> ComparedField:
    return ComparedField(name=words(name), values=values, differs=len(set(values)) > 1)
