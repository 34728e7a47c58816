"""What billing runs did with their lines: charges, lines that are not charged, totals; and how far each run is."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from typing import cast

import asyncpg

from throughline.core.billing.headings import Total, totals
from throughline.core.billing.stream import Batch
from throughline.store import leaves
from throughline.store.database import Pool, Row, Sql

ITEMS = (
    "reference", "run", "line", "heading", "project", "task", "person", "role", "day", "period", "quantity",
    "unit_price", "amount", "currency", "approved_by", "approved_at", "note",
)  # fmt: skip
UNCHARGED = ("run", "line", "reference", "held", "why", "fix")
# COPY's own escapes; and PostgreSQL holds no NUL.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\ufffd"})
_NOTHING = "\\N"


class ChargedBefore(Exception):
    """A reference among these lines is charged already."""


class Overtaken(Exception):
    """Somebody else has gone on with this run since."""


async def begin(sql: Sql, run: str, *, now: datetime) -> Row:
    """How far a run is; a new one is at its first line."""
    await sql.execute(
        """insert into billing_runs (id, lines, position, begun_at, updated_at) values ($1, 0, 0, $2, $2)
           on conflict (id) do nothing""",
        run,
        now,
    )
    row = await sql.fetchrow("select lines, position from billing_runs where id = $1", run)
    if row is None:
        raise LookupError(f"billing run {run} was deleted while it began")
    return row


async def land(pool: Pool, run: str, batch: Batch, *, after: int, lines: int, position: int, now: datetime) -> None:
    """Everything that became of the lines behind `after`, and how far the run is now: all of it or none."""
    try:
        async with pool.acquire() as connection, connection.transaction():
            moved = await connection.fetchval(
                """update billing_runs set lines = $3, position = $4, updated_at = $5 where id = $1 and lines = $2
                   returning true""",
                run, after, lines, position, now,
            )  # fmt: skip
            if not moved:
                raise Overtaken(f"billing run {run} is no longer at line {after}")
            if batch.charged:
                await connection.copy_to_table("billing_items", source=_items(run, batch), columns=ITEMS)
            if batch.not_charged or batch.held:
                await connection.copy_to_table("uncharged_lines", source=_uncharged(run, batch), columns=UNCHARGED)
            await _add(cast(Sql, connection), run, totals([batch.counts()]))
            said = {"after": after, "lines": lines, "charged": [line.id for _, line, *_ in batch.charged]}
            await leaves.add(
                cast(Sql, connection), actor=leaves.OURSELVES, action="charged", object_=f"billing run/{run}",
                content=said, now=now,
            )  # fmt: skip
    except asyncpg.UniqueViolationError as refused:
        # The driver's errors carry what the server said, without saying so in their types.
        said = refused.as_dict()
        if said.get("constraint_name") != "billing_items_pkey":
            raise
        raise ChargedBefore(said.get("detail", "")) from refused


async def charged(sql: Sql, references: Sequence[str]) -> set[str]:
    """Of these references the ones that are charged already."""
    rows = await sql.fetch("select reference from billing_items where reference = any($1)", list(references))
    return {row["reference"] for row in rows}


async def held(sql: Sql, run: str, *, after: int, limit: int) -> list[Row]:
    """Lines of a run that somebody must look at, in their order."""
    return await sql.fetch(
        """select line, reference, why, fix from uncharged_lines where run = $1 and held and line > $2
           order by line limit $3""",
        run,
        after,
        limit,
    )


async def totals_of(sql: Sql, run: str) -> list[Row]:
    """What the lines of its invoices come to, unrounded."""
    return await sql.fetch("select * from billing_totals where run = $1 order by heading", run)


async def _add(sql: Sql, run: str, found: Sequence[Total]) -> None:
    await sql.execute(
        """insert into billing_totals
             (run, heading, contract, project, period, currency, unit_price, rounding, lines, quantity, amount)
           select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]::numeric[],
                                    $8::text[], $9::bigint[], $10::numeric[], $11::numeric[])
           on conflict (run, heading) do update set
             lines = billing_totals.lines + excluded.lines, quantity = billing_totals.quantity + excluded.quantity,
             amount = billing_totals.amount + excluded.amount""",
        run,
        [total.heading.key for total in found],
        [total.heading.contract for total in found],
        [total.heading.project for total in found],
        [total.heading.period for total in found],
        [total.heading.currency for total in found],
        [total.heading.unit_price for total in found],
        [total.heading.rounding for total in found],
        [total.lines for total in found],
        [total.quantity for total in found],
        [total.exact_amount.amount for total in found],
    )


def _items(run: str, batch: Batch) -> BytesIO:
    """In COPY's text form: numbers are text already, and three of them as binary would cost more than all the rest."""
    return _source(
        (
            _text(line.id), run, str(number), heading.key, _text(line.project), _text(line.task), _text(line.resource),
            _text(role), line.day, _text(heading.period), quantity, heading.unit_price, amount, heading.currency,
            _text(line.approval.by if line.approval else ""), _at(line.approval.at if line.approval else None),
            _text(line.note),
        )
        for number, line, heading, role, (quantity, amount) in batch.charged
    )  # fmt: skip


def _uncharged(run: str, batch: Batch) -> BytesIO:
    silent = ((run, str(n), _text(each.reference), "f", _text(each.why), "") for n, each in batch.not_charged)
    loud = ((run, str(n), _text(each.reference), "t", _text(each.why), _text(each.fix)) for n, each in batch.held)
    return _source([*silent, *loud])


def _source(rows: Iterable[tuple[str, ...]]) -> BytesIO:
    return BytesIO("".join(["\t".join(row) + "\n" for row in rows]).encode("utf-8", "replace"))


def _text(value: str | None) -> str:
    if value is None:
        return _NOTHING
    return value if value.isprintable() and "\\" not in value else value.translate(_ESCAPES)


def _at(value: datetime | None) -> str:
    return value.isoformat() if value else _NOTHING
