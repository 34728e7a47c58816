"""The reconciliation page, from how comparisons stand, the queue of breaks and the census."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from throughline.console.from_hub import wording
from throughline.console.from_hub.frame import Setting, shell
from throughline.console.pieces import EmptyPlace
from throughline.console.reconciliation import BreakRow, CensusRow, ComparisonRow, ReconciliationPage
from throughline.console.shell import Crumb
from throughline.core.money import Money
from throughline.core.reconciliation.breaks import Sort
from throughline.core.reconciliation.definitions import comparison as defined
from throughline.core.reconciliation.standing import BreakState
from throughline.hub.reconciliation import census
from throughline.hub.reconciliation.overview import Stands, Total
from throughline.store.database import Row

EMPTY = EmptyPlace(
    "Nothing is unreconciled",
    "What does not agree for longer than its clock allows appears here, with an owner and what it is worth.",
    "throughline reconcile run",
)
WRONG = {
    Sort.MISSING: "{right} has nothing of it",
    Sort.DOUBLED: "it is there more than once",
    Sort.AMOUNT: "the amounts differ",
    Sort.RATE: "the rates differ",
    Sort.PERIOD: "the periods differ",
    Sort.CURRENCY: "the currencies differ",
    Sort.STALE: "{right} has not followed",
    Sort.ORPHAN: "{right} has it, {left} does not",
}
FOUND = {
    "complete": ("Complete", "ok", "circle-check"),
    "skipped": ("Skipped", "risk", "circle-x"),
    "gone": ("Gone over there", "warn", "circle-alert"),
    "total": ("Totals differ", "risk", "circle-x"),
}
UNDER_WAY = ("Looked at again", "wait", "hourglass")


def page(
    setting: Setting, stands: Sequence[Stands], rows: Sequence[BreakRow], censuses: Sequence[CensusRow], *,
    comparison: str | None, query: str = "", older: str = "", first: str = "",
) -> ReconciliationPage:  # fmt: skip
    return ReconciliationPage(
        shell=shell(
            setting, "Reconciliation", "reconciliation", Crumb("Reconciliation"), cli="throughline reconcile list"
        ),
        summary=_summary(stands, censuses),
        fragment_url=f"/reconciliation/fragment{query}",
        comparisons=tuple(_comparison(each, setting, active=each.comparison.name == comparison) for each in stands),
        rows=tuple(rows),
        censuses=tuple(censuses),
        empty=EMPTY,
        file_url="/reconciliation.csv" + (f"?comparison={comparison}" if comparison else ""),
        all_url="/reconciliation" if comparison else "",
        chosen=defined(comparison).title if comparison else "",
        older_url=older,
        first_url=first,
    )


def row(found: Row, setting: Setting, names: Mapping[str, str]) -> BreakRow:
    engagement = found["engagement"]
    return BreakRow(
        key=found["id"],
        href=f"/reconciliation/{found['id']}",
        what=sentence(found),
        sort=found["sort"],
        comparison=found["comparison"],
        about=found["key"].replace("|", ", "),
        engagement_name=names.get(engagement, engagement) if engagement else "",
        engagement_href=f"/engagements/{engagement}" if engagement else "",
        owner=found["owner"],
        age=wording.age(found["since"], setting.now),
        amount=wording.money(found["amount"], found["currency"]),
        regressed=found["state"] == BreakState.REGRESSED,
    )


def sentence(found: Row) -> str:
    """What is wrong, in one sentence."""
    made = defined(found["comparison"])
    wrong = WRONG[Sort(found["sort"])].format(left=words(made.left.word), right=words(made.right.word))
    return f"{made.title}: {wrong}"


def words(side: str) -> str:
    return side if side[:1].isupper() else side.replace("what holds", "our record")


def counted(found: Row, now: datetime) -> CensusRow:
    under_way = found["differs_since"] and not census.lasts(found, now)
    verdict, tone, icon = UNDER_WAY if under_way else FOUND[found["finding"]]
    return CensusRow(
        key=f"{found['system']}-{found['kind']}-{found['period']}",
        system=found["system"],
        kind=found["kind"].replace("_", " "),
        period=found["period"],
        said=f"{found['said']:,}",
        held=f"{found['held']:,}",
        said_total=_added(found["said_totals"]),
        held_total=_added(found["held_totals"]) if found["said_totals"] is not None else "",
        verdict=verdict,
        tone=tone,
        icon=icon,
    )


def _comparison(each: Stands, setting: Setting, *, active: bool) -> ComparisonRow:
    made = each.comparison
    verdict, tone, icon = _verdict(each)
    return ComparisonRow(
        key=made.name,
        href=f"/reconciliation?comparison={made.name}",
        title=made.title,
        left=words(made.left.word),
        left_total=_total(each.left),
        right=words(made.right.word),
        right_total=_total(each.right),
        breaks=each.unreconciled,
        watched=each.watched,
        unreconciled=_worth(each),
        verdict=verdict,
        tone=tone,
        icon=icon,
        active=active,
        why=each.why or "",
        made=wording.age(each.made_at, setting.now) if each.made_at else None,
    )


def _verdict(each: Stands) -> tuple[str, str, str]:
    if each.unreconciled:
        return wording.counted(each.unreconciled, "break"), "risk", "circle-alert"
    if each.why or each.made_at is None:
        return "Not made", "warn", "hourglass"
    return "Agrees", "ok", "circle-check"


def _total(total: Total) -> str:
    amounts = [_money(each) for each in total.amounts]
    return f"{total.count:,}" + (f", {', '.join(amounts)}" if amounts else "")


def _worth(each: Stands) -> str:
    unknown = [f"{each.unknown} unknown"] if each.unknown else []
    return ", ".join([*map(_money, each.amounts), *unknown])


def _money(money: Money) -> str:
    return wording.money(money.amount, money.currency)


def _added(totals: Mapping[str, str] | None) -> str:
    return ", ".join(wording.money(amount, currency) for currency, amount in (totals or {}).items())


def _summary(stands: Sequence[Stands], censuses: Sequence[CensusRow]) -> str:
    breaks = sum(each.unreconciled for each in stands)
    amounts: dict[str, Money] = {}
    for money in (money for each in stands for money in each.amounts):
        known = amounts.get(money.currency)
        amounts[money.currency] = known + money if known else money
    unknown = sum(each.unknown for each in stands)
    worth = [_money(amounts[code]) for code in sorted(amounts)] + ([f"{unknown} of unknown worth"] if unknown else [])
    skipped = sum(each.verdict == "Skipped" for each in censuses)
    parts = [wording.counted(breaks, "break"), *(f"{each} unreconciled" for each in worth)]
    if censuses:
        parts.append(wording.counted(skipped, "skipped count") if skipped else "nothing was skipped")
    return ", ".join(parts) + "."
