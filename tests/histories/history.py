"""A recorded history: a process stopped half-way, as its database and its systems stood, and what came of it then."""

import gzip
import json
import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from throughline.core import exact
from throughline.store.database import Sql

RECORDED = Path(__file__).parent / "recorded"
# What a run goes on from. Captures, records and cursors are about what was heard, which is over by then.
TABLES = ("entities", "links", "events", "runs", "lanes", "effects", "holds", "answers")


@dataclass(frozen=True, slots=True)
class History:
    """`stopped` says how, in words; `came` is what was there in the end, by the release that recorded it."""

    name: str
    stopped: str
    deal: str
    customer: str
    tables: dict[str, list[dict[str, Any]]]
    systems: dict[str, str]
    came: dict[str, Any]

    def keep(self, folder: Path = RECORDED) -> Path:
        path = folder / f"{self.name}.json.gz"
        # Without a time in it, the same history is the same file.
        path.write_bytes(gzip.compress(exact.dumps(asdict(self)).encode(), mtime=0))
        return path


def kept(name: str, folder: Path = RECORDED) -> History:
    return History(**json.loads(gzip.decompress((folder / f"{name}.json.gz").read_bytes())))


def names(folder: Path = RECORDED) -> list[str]:
    return sorted(path.name.removesuffix(".json.gz") for path in folder.glob("*.json.gz"))


async def tables(sql: Sql) -> dict[str, list[dict[str, Any]]]:
    """The rows a run goes on from, by table."""
    return {
        name: [row["row"] for row in await sql.fetch(f"select to_jsonb({name}) as row from {name} order by {name}")]
        for name in TABLES
    }


async def restore(sql: Sql, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Into the schema of today: what a column is called that came since, and what is in it, is its default."""
    for name, some in rows.items():
        if some:
            columns = ", ".join(some[0])
            await sql.execute(
                f"""insert into {name} ({columns}) overriding system value
                    select {columns} from jsonb_populate_recordset(null::{name}, $1)""",
                some,
            )
        if some and "seq" in some[0]:
            await sql.execute(f"select setval(pg_get_serial_sequence('{name}', 'seq'), (select max(seq) from {name}))")


def systems(folder: Path) -> dict[str, str]:
    """What each simulator has in its file, as a script that makes the file again."""
    return {path.stem: _script(path) for path in sorted(folder.glob("*.sqlite"))}


def set_up(folder: Path, scripts: dict[str, str]) -> None:
    folder.mkdir(parents=True)
    for name, script in scripts.items():
        database = sqlite3.connect(folder / f"{name}.sqlite")
        database.executescript(script)
        database.close()


def _script(path: Path) -> str:
    database = sqlite3.connect(path)
    try:
        return "\n".join(database.iterdump())
    finally:
        database.close()
