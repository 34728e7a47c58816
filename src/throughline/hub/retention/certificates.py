"""Certificates: what was taken out, beside its file, for whoever reads the folder without the database."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from throughline.hub.retention.files import keep
from throughline.store import archives
from throughline.store.database import Row, Sql


async def put(sql: Sql, folder: Path, *, now: datetime) -> None:
    """Write those that are not there yet: whoever was killed after a removal is helped here."""
    for row in await archives.uncertified(sql):
        await asyncio.to_thread(keep, folder / f"{row['id']}.certificate.json", text(row))
        await archives.certified(sql, row["id"], now=now)


def text(row: Row) -> str:
    return json.dumps(said(row), indent=2) + "\n"


def said(row: Row) -> dict[str, Any]:
    """A certificate in plain values."""
    return {
        "archive": row["id"],
        "kind": row["kind"],
        "file": f"{row['id']}.jsonl.gz",
        "first": row["first"],
        "last": row["last"],
        "since": row["since"].isoformat(),
        "until": row["until"].isoformat(),
        "rows": row["rows"],
        "bytes": row["bytes"],
        "digest": f"sha256:{row['digest']}",
        "removed_at": row["at"].isoformat(),
        "by": row["worker"],
        "policy": {"firm_version": row["firm_version"], "days": row["days"]},
    }
