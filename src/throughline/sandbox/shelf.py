"""Where a simulator keeps its records: in memory to read, in SQLite to survive, counted to show a double."""

import json
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import Any

type Record = dict[str, Any]


class Shelf:
    """Records by kind and id. Every change is written through; `counters` says how many of each there were."""

    def __init__(self, path: Path | None = None) -> None:
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        # Autocommit without fsync: a vendor's own durability is not what the sandbox proves.
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = off")
        self._db.execute(
            "create table if not exists records"
            " (seq integer primary key, kind text, id text, body text, unique (kind, id))"
        )
        self._db.execute("create table if not exists counts (kind text, verb text, n int, primary key (kind, verb))")
        self._db.execute("create table if not exists sequences (name text primary key, n int)")
        self._records: dict[str, dict[str, Record]] = defaultdict(dict)
        for kind, id_, body in self._db.execute("select kind, id, body from records order by seq"):
            self._records[kind][id_] = json.loads(body)
        self.counters: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for kind, verb, n in self._db.execute("select kind, verb, n from counts"):
            self.counters[kind][verb] = n

    def all(self, kind: str) -> dict[str, Record]:
        return self._records[kind]

    def get(self, kind: str, id_: str) -> Record | None:
        return self._records[kind].get(id_)

    def kinds(self) -> list[str]:
        return sorted(kind for kind, records in self._records.items() if records)

    def create(self, kind: str, id_: str, record: Record) -> None:
        if id_ in self._records[kind]:
            raise KeyError(f"{kind} {id_} is there already")
        self._write(kind, id_, record, "created")

    def update(self, kind: str, id_: str, record: Record) -> None:
        if id_ not in self._records[kind]:
            raise KeyError(f"{kind} {id_} is not there")
        self._write(kind, id_, record, "updated")

    def delete(self, kind: str, id_: str) -> None:
        del self._records[kind][id_]
        self._db.execute("delete from records where kind = ? and id = ?", (kind, id_))
        self._count(kind, "deleted")

    def next(self, sequence: str, *, first: int = 1) -> int:
        """The next number of a sequence that survives a restart, as a vendor's ids do."""
        row = self._db.execute(
            "insert into sequences values (?, ?) on conflict (name) do update set n = n + 1 returning n",
            (sequence, first),
        ).fetchone()
        return int(row[0])

    def clear(self) -> None:
        for table in ("records", "counts", "sequences"):
            self._db.execute(f"delete from {table}")  # noqa: S608 - three literal names
        self._records.clear()
        self.counters.clear()

    def forget_counts(self) -> None:
        """Seeding is not traffic: counters start at zero when the firm opens its doors."""
        self._db.execute("delete from counts")
        self.counters.clear()

    def close(self) -> None:
        self._db.close()

    def _write(self, kind: str, id_: str, record: Record, verb: str) -> None:
        self._records[kind][id_] = record
        self._db.execute(
            "insert into records (kind, id, body) values (?, ?, ?)"
            " on conflict (kind, id) do update set body = excluded.body",
            (kind, id_, json.dumps(record)),
        )
        self._count(kind, verb)

    def _count(self, kind: str, verb: str) -> None:
        self.counters[kind][verb] += 1
        self._db.execute(
            "insert into counts values (?, ?, 1) on conflict (kind, verb) do update set n = n + 1", (kind, verb)
        )
