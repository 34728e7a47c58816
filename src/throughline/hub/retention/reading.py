"""Reading back: what was archived is found by its number, and whole archives are looked through and verified."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from throughline.hub.machine import Machine
from throughline.hub.overview import Places, Slice
from throughline.hub.retention import certificates
from throughline.hub.retention.files import Content, Damaged, find, read_back, rows
from throughline.hub.retention.taking_out import key_of, path_of
from throughline.hub.seal import Seal
from throughline.store import archives, captures
from throughline.store.database import Row

MOST_VERIFIED = 10_000


class NoSuchArchive(LookupError):
    """There is no archive of this name."""


class NotHere(Exception):
    """The file of an archive is not in this machine's archive folder."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an archive is what its certificate says, and if not, what is wrong."""

    archive: str
    fine: bool
    why: str


async def capture(machine: Machine, id_: int) -> dict[str, Any] | None:
    """A capture, wherever it is by now."""
    if not 0 <= id_ < 2**63:
        return None
    if row := await captures.one(machine.pool, id_):
        return dict(row)
    for archive in await archives.that_may_hold(machine.pool, id_):
        path = _file(machine, archive)
        try:
            found = await asyncio.to_thread(find, path, key_of(archive["kind"]), id_)
        except FileNotFoundError as error:
            raise NotHere(f"Capture {id_} is in archive {archive['id']}, and {path} is not there.") from error
        if found:
            return _capture(found)
    return None


async def one(machine: Machine, id_: str) -> Row:
    row = await archives.one(machine.pool, id_)
    if row is None:
        raise NoSuchArchive(f"There is no archive {id_}.")
    return row


async def listed(machine: Machine, *, kind: str | None, cursor: str | None, limit: int) -> Slice[Row]:
    """Certificates, newest first."""
    places = Places(Seal(machine.firms.key), f"archives/{kind}")
    rows = await archives.listed(machine.pool, kind=kind, before=places.opened(cursor), limit=limit + 1)
    return places.slice(tuple(rows), limit, lambda row: row["seq"])


async def first_rows(machine: Machine, archive: Row, *, limit: int) -> list[dict[str, Any]]:
    """The oldest of what is in it."""
    path = _file(machine, archive)
    try:
        return await asyncio.to_thread(lambda: list(islice(rows(path), limit)))
    except FileNotFoundError as error:
        raise NotHere(f"{path} is not there.") from error


async def verified(machine: Machine, archive: Row) -> Verdict:
    """Read all of it, and compare it with its certificate in the database and with the one beside the file."""
    try:
        path = _file(machine, archive)
        found = await asyncio.to_thread(read_back, path, key_of(archive["kind"]))
        beside = await asyncio.to_thread(path.with_name(f"{archive['id']}.certificate.json").read_text)
        told = json.loads(beside)
    except FileNotFoundError as error:
        return Verdict(archive["id"], fine=False, why=f"{error.filename} is not there")
    except (NotHere, Damaged, ValueError) as error:
        return Verdict(archive["id"], fine=False, why=str(error))
    if found != Content(archive["first"], archive["last"], archive["rows"], archive["digest"]):
        return Verdict(archive["id"], fine=False, why=f"it holds {found}, which is not what its certificate says")
    if told != certificates.said(archive):
        return Verdict(archive["id"], fine=False, why="the certificate beside the file is not the database's")
    return Verdict(archive["id"], fine=True, why=f"{found.rows} rows, digest as certified")


def _file(machine: Machine, archive: Row) -> Path:
    if machine.archive is None:
        raise NotHere(f"Archive {archive['id']} is in a file, and this program was told of no archive folder.")
    return path_of(machine.archive, archive["id"])


def _capture(found: dict[str, Any]) -> dict[str, Any]:
    """As the table gave it."""
    return {
        **found,
        "at": datetime.fromisoformat(found["at"]),
        **{name: bytes.fromhex(found[name].removeprefix("\\x")) for name in ("request_body", "answer_body")},
    }
