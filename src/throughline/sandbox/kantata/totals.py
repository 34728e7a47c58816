"""What was worked and spent, by currency: sums over the records themselves, for others' books to be held against."""

from collections import defaultdict
from collections.abc import Mapping

from throughline.sandbox.kantata import money
from throughline.sandbox.kantata.reading import Reader
from throughline.sandbox.kantata.rules.work import approved_report, billed

type Sums = Mapping[str, Mapping[str, int]]


def totals(reader: Reader) -> dict[str, Sums]:
    time: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for entry in reader.all("time_entries"):
        worth = money.worth(entry["time_in_minutes"], entry["rate_in_cents"]) if entry["billable"] else 0
        minutes = entry["time_in_minutes"]
        _add(time[entry["currency"]], entry["approved"], billed(reader, entry), entries=1, minutes=minutes, cents=worth)
    return {"time": time, "expenses": _spent(reader)}


def _spent(reader: Reader) -> Sums:
    spent: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for expense in reader.all("expenses"):
        approved = approved_report(reader, expense)
        _add(
            spent[expense["currency"]], approved, billed(reader, expense), expenses=1, cents=expense["amount_in_cents"]
        )
    return spent


def _add(sums: dict[str, int], approved: bool, invoiced: bool, **values: int) -> None:  # noqa: FBT001 - two facts
    for name, value in values.items():
        sums[name] += value
        sums[f"approved_{name}"] += value * approved
        sums[f"invoiced_{name}"] += value * invoiced
