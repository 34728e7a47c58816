"""Corrections: what a person wants said to a system instead of what a run would say."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from throughline.store.database import Sql


@dataclass(frozen=True, slots=True)
class Correction:
    """One field of one entity, for one run and one system; it holds while the run would say `instead_of`."""

    run: str
    system: str
    entity: str
    field: str
    instead_of: Any
    value: Any


async def keep(sql: Sql, said: Correction, *, person: str, reason: str, now: datetime) -> None:
    """The newest word counts. Wrapped, because JSON's null would be taken for SQL's."""
    await sql.execute(
        """insert into corrections (run, system, entity, field, said, person, reason, at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)
           on conflict (run, system, entity, field) do update set said = excluded.said, person = excluded.person,
             reason = excluded.reason, at = excluded.at""",
        said.run,
        said.system,
        said.entity,
        said.field,
        {"instead_of": said.instead_of, "value": said.value},
        person,
        reason,
        now,
    )


async def of_run(sql: Sql, run: str) -> list[Correction]:
    rows = await sql.fetch("select * from corrections where run = $1 order by system, entity, field", run)
    return [
        Correction(r["run"], r["system"], r["entity"], r["field"], r["said"]["instead_of"], r["said"]["value"])
        for r in rows
    ]
