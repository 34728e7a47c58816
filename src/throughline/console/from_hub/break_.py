"""One break's page, from the break and the records behind both of its sides."""

import json
from collections.abc import Mapping
from typing import Any

from throughline.console.break_ import BreakPage, Remedy, SourceRecord
from throughline.console.from_hub import wording
from throughline.console.from_hub.frame import Setting, shell
from throughline.console.from_hub.reconciliation import sentence, words
from throughline.console.hold import ComparedField
from throughline.console.shell import Crumb
from throughline.core.reconciliation.standing import BreakState
from throughline.hub.reconciliation.overview import Behind, Found, Repair
from throughline.store.database import Row

SHOWN = {
    BreakState.OPEN: ("Open", "risk", "circle-alert"),
    BreakState.REGRESSED: ("Came back", "risk", "rotate-ccw"),
    BreakState.WATCHED: ("May be under way", "wait", "hourglass"),
    BreakState.HISTORY: ("Was there before", "", "history"),
    BreakState.CLOSED: ("Agrees again", "ok", "circle-check"),
}
LONGEST = 160


def page(setting: Setting, found: Found, names: Mapping[str, str]) -> BreakPage:
    row, made, engagement = found.row, found.comparison, found.row["engagement"]
    word, tone, icon = SHOWN[BreakState(row["state"])]
    return BreakPage(
        shell=shell(
            setting,
            sentence(row),
            "reconciliation",
            Crumb("Reconciliation", "/reconciliation"),
            Crumb(row["id"]),
            cli=f"throughline reconcile show {row['id']}",
        ),
        fragment_url=f"/reconciliation/{row['id']}/fragment",
        what=sentence(row),
        key=row["id"],
        sort=row["sort"],
        state=word,
        tone=tone,
        icon=icon,
        comparison=made.title,
        comparison_href=f"/reconciliation?comparison={made.name}",
        amount=wording.money(row["amount"], row["currency"]),
        owner=row["owner"],
        since=wording.age(row["since"], setting.now),
        first_seen=wording.at(row["first_seen_at"]),
        last_seen=wording.at(row["last_seen_at"]),
        about=row["about"],
        period=row["period"] or "",
        engagement_name=names.get(engagement, engagement) if engagement else "",
        engagement_href=f"/engagements/{engagement}" if engagement else "",
        left=words(made.left.word),
        right=words(made.right.word),
        fields=_fields(found),
        left_records=tuple(_record(each) for each in found.left),
        right_records=tuple(_record(each) for each in found.right),
        remedies=tuple(_remedy(each) for each in found.repairs),
        closed=_closed(row),
    )


def _closed(row: Row) -> str:
    return f"Agrees again since {wording.at(row['closed_at']).text}." if row["closed_at"] else ""


def _fields(found: Found) -> tuple[ComparedField, ...]:
    left, right = found.row["left_said"] or {}, found.row["right_said"] or {}
    names = list(dict.fromkeys([*left, *right]))
    return tuple(
        ComparedField(
            name=name, values=(_value(found, left, name), _value(found, right, name)), differs=_differs(found, name)
        )
        for name in names
    )


def _value(found: Found, said: Mapping[str, str | None], name: str) -> str:
    """What a side says, its money as money."""
    value, made = said.get(name), found.comparison
    if value is not None and name == made.money and made.currency:
        return wording.money(value, said.get(made.currency)) or value
    return value or ""


def _differs(found: Found, name: str) -> bool:
    """One side without anything differs in everything."""
    return name in found.row["fields"] or found.row["left_said"] is None or found.row["right_said"] is None


def _record(each: Behind) -> SourceRecord:
    detail = f"{each.system} {each.key}" if each.system else "as it is settled"
    return SourceRecord(
        key=f"{each.system or 'ours'}-{each.key or each.id}",
        title=each.id,
        detail=f"{detail}, {wording.at(each.at).text}" if each.at else detail,
        system=each.system or "",
        facts=tuple((name, _text(value)) for name, value in each.fields.items() if value not in (None, "", [], {})),
    )


def _text(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        return wording.money(value["amount"], value["currency"])
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def _remedy(each: Repair) -> Remedy:
    href = f"/holds/{each.hold}" if each.hold else ""
    return Remedy(verb=each.verb[:1].upper() + each.verb[1:], what=each.what, command=each.command, href=href)
