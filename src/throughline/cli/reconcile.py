"""`reconcile`: whether what was sold, said and paid agrees, and what does not."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, clock, document, mark, money, out, table, talk
from throughline.cli.where import HERE, Where
from throughline.core.reconciliation.definitions import COMPARISONS, NoSuchComparison, comparison
from throughline.hub.machine import Machine
from throughline.hub.reconciliation import census, overview
from throughline.hub.reconciliation.making import make
from throughline.hub.reconciliation.overview import Asked, Behind, Found, NoSuchBreak, Stands, Total
from throughline.store import breaks, censuses
from throughline.store.database import Row


async def run(name: str | None = None, /, *, json: bool = False, where: Where = HERE) -> int:
    """Compare now, every comparison or one, and say how each stands. Ends with 1 when something does not agree.

    Parameters
    ----------
    name
        One comparison alone, such as sold-planned.
    json
        One JSON document instead of a table.
    """
    wanted = [_comparison(name)] if name else COMPARISONS
    async with asked(where.settings()) as machine:
        for each in wanted:
            if await make(machine, each, early=True) is None:
                talk.print(f"{each.name} is being made by a worker right now: this is how it stood before.")
        found = await _stands(machine, {each.name for each in wanted})
    broken = any(each.unreconciled for each in found)
    if json:
        document("reconciliation", [_told(each) for each in found])
    else:
        _say(found)
        after(where.again("reconcile list") if broken else where.again("reconcile run --json"))
    return Exit.FOUND if broken else Exit.DONE


async def list_(*, comparison: str | None = None, sort: str | None = None, owner: str | None = None,
                engagement: str | None = None, closed: bool = False, limit: int = 50, json: bool = False,
                where: Where = HERE) -> int:  # fmt: skip
    """What is not reconciled, by what it is worth.

    Parameters
    ----------
    comparison
        Only the breaks of one comparison, such as sold-planned.
    sort
        Only one sort: missing, doubled, amount, rate, period, currency, stale or orphan.
    owner
        Only the breaks of one owner.
    engagement
        Only the breaks of one engagement.
    closed
        Those that agree again, instead of those that do not.
    limit
        How many at most.
    json
        One JSON document instead of a table.
    """
    wanted = Asked(_comparison(comparison).name if comparison else None, sort, owner, engagement)
    async with asked(where.settings()) as machine:
        if closed:
            rows = await breaks.closed(machine.pool, comparison=wanted.comparison, limit=limit)
        else:
            rows = list((await overview.queue(machine, wanted, limit=limit)).rows)
    if json:
        document("breaks", [dict(row) for row in rows])
        return Exit.DONE
    if not rows:
        talk.print("No break was closed yet." if closed else "There is no break. When it was compared: reconcile run")
        return Exit.DONE
    table(
        ("break", "amount", "sort", "comparison", "owner", "since", "about"),
        [
            (r["id"], money(r["amount"], r["currency"]) or "unknown", r["sort"], r["comparison"], r["owner"],
             clock(r["since"]), r["key"])
            for r in rows
        ],
        flexible=6,
    )  # fmt: skip
    after(where.again(f"reconcile show {rows[0]['id']}"))
    return Exit.DONE


async def show(which: str, /, *, json: bool = False, where: Where = HERE) -> int:
    """One break: what each side says, the records behind it, whose it is, and what can be done.

    Parameters
    ----------
    which
        The break's id.
    json
        One JSON document instead of text.
    """
    async with asked(where.settings()) as machine:
        try:
            found = await overview.one(machine, which)
        except NoSuchBreak as error:
            raise Stop(f"{error} See: throughline reconcile list", Exit.FOUND) from error
    if json:
        records = {"left": [asdict(each) for each in found.left], "right": [asdict(each) for each in found.right]}
        document("break", {**dict(found.row), "behind": records, "repairs": [asdict(each) for each in found.repairs]})
        return Exit.DONE
    _tell(found)
    after(*(each.command for each in found.repairs))
    return Exit.DONE


async def complete(*, json: bool = False, where: Where = HERE) -> int:
    """Ask every system how many records it has, and compare with what we hold. Ends with 1 when some were skipped.

    Parameters
    ----------
    json
        One JSON document instead of a table.
    """
    async with asked(where.settings()) as machine:
        if not await census.all_due(machine, early=True):
            talk.print("A worker is counting right now: this is what was counted before.")
        rows, now = await censuses.listed(machine.pool), machine.clock()
        failed = await overview.why_not_counted(machine)
    skipped = any(census.lasts(row, now) for row in rows)
    if json:
        told = [{**dict(row), "lasts": census.lasts(row, now)} for row in rows]
        document("completeness", {"complete": not skipped, "why_not": failed, "counted": told})
        return Exit.FOUND if skipped else Exit.DONE
    table(
        ("", "system", "kind", "period", "they count", "we hold", "they add up", "we add up", "finding"),
        [_counted(row, now) for row in rows],
        flexible=8,
    )
    if failed:
        talk.print(f"Not counted: {failed}", markup=False, soft_wrap=True)
    return Exit.FOUND if skipped else Exit.DONE


def _counted(row: Row, now: datetime) -> tuple[object, ...]:
    under_way = row["differs_since"] and not census.lasts(row, now)
    return (
        mark("trying" if under_way else "done" if row["finding"] == "complete" else "failed"), row["system"],
        row["kind"], row["period"], f"{row['said']:,}", f"{row['held']:,}", _added(row["said_totals"]),
        _added(row["held_totals"]), f"{row['finding']}, looked at again" if under_way else row["finding"],
    )  # fmt: skip


def _added(totals: dict[str, str] | None) -> str:
    return ", ".join(money(amount, currency) for currency, amount in (totals or {}).items())


def _comparison(name: str) -> Any:
    try:
        return comparison(name)
    except NoSuchComparison as error:
        raise Stop(str(error), Exit.USAGE) from error


async def _stands(machine: Machine, names: set[str]) -> list[Stands]:
    return [each for each in await overview.stands(machine) if each.comparison.name in names]


def _say(found: list[Stands]) -> None:
    table(
        ("", "comparison", "left", "right", "breaks", "unreconciled", "watched", "why not"),
        [
            (
                mark("failed" if each.unreconciled else "waiting" if each.why else "done"), each.comparison.name,
                f"{each.comparison.left.word} {_sum(each.left)}", f"{each.comparison.right.word} {_sum(each.right)}",
                each.unreconciled, _worth(each), each.watched, each.why or "",
            )
            for each in found
        ],
        flexible=7,
    )  # fmt: skip


def _sum(total: Total) -> str:
    return ", ".join([f"{total.count:,}", *map(str, total.amounts)])


def _worth(each: Stands) -> str:
    unknown = [f"{each.unknown} unknown"] if each.unknown else []
    return ", ".join([*map(str, each.amounts), *unknown])


def _told(each: Stands) -> dict[str, Any]:
    made = each.comparison
    return {
        "comparison": made.name, "title": made.title, "domain": made.domain,
        "left": {"side": made.left.word, **_total(each.left)}, "right": {"side": made.right.word, **_total(each.right)},
        "made_at": each.made_at, "why_not": each.why, "unreconciled": each.unreconciled, "unknown": each.unknown,
        "watched": each.watched, "history": each.history,
        "amounts": [each.model_dump(mode="json") for each in each.amounts],
    }  # fmt: skip


def _total(total: Total) -> dict[str, Any]:
    return {"count": total.count, "amounts": [each.model_dump(mode="json") for each in total.amounts]}


def _tell(found: Found) -> None:
    row, made = found.row, found.comparison
    out.print(f"{row['id']}, {row['state']}: {row['sort']} in {made.title}", markup=False, soft_wrap=True)
    for name, said in (
        ("about", row["key"]),
        ("amount", money(row["amount"], row["currency"]) or "unknown"),
        ("owner", row["owner"]),
        ("since", f"{clock(row['since'])}, first {clock(row['first_seen_at'])}, seen {clock(row['last_seen_at'])}"),
        ("part of", row["engagement"] or ""),
        ("fields", ", ".join(row["fields"])),
    ):
        if said:
            out.print(f"  {name:<8} {said}", markup=False, soft_wrap=True)
    _tell_side(made.left.word, row["left_said"], found.left)
    _tell_side(made.right.word, row["right_said"], found.right)


def _tell_side(word: str, said: dict[str, Any] | None, records: tuple[Behind, ...]) -> None:
    spelled = ", ".join(f"{name} {value}" for name, value in (said or {}).items() if value is not None)
    out.print(f"\n{word}: {spelled or 'nothing'}", markup=False, soft_wrap=True)
    for each in records:
        place = f"{each.system} {each.key}" if each.system else each.kind
        out.print(f"  {each.id}  {place}", markup=False, soft_wrap=True)
