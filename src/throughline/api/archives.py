"""Archives over HTTP: what left the database, its certificate, and whether its file is what it was."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from throughline.api.asking import Cursor, Limit, TheMachine, link_next
from throughline.api.shapes import Page, Shape
from throughline.core.rights import Right, needs
from throughline.hub.retention import reading
from throughline.store.database import Row

router = APIRouter(tags=["system"])

ArchiveId = Annotated[str, Path(examples=["calls-1-1"])]


class Archive(Shape):
    """The certificate of an archive."""

    id: str = Field(examples=["calls-1-1"])
    kind: str = Field(examples=["calls"], description="captures, webhooks, calls or events.")
    first: int = Field(description="The lowest number in it.")
    last: int = Field(description="The highest number in it.")
    since: datetime
    until: datetime
    rows: int
    bytes: int
    digest: str = Field(description="SHA-256 of its lines, uncompressed.")
    removed_at: datetime
    by: str = Field(description="The worker that took it out.")
    firm_version: int = Field(description="The version of the firm's folder whose retention said so.")
    days: int


class Verification(Shape):
    """What reading the whole file found."""

    archive: str = Field(examples=["calls-1-1"])
    fine: bool
    why: str


@router.get("/archives")
@needs(Right.EXCHANGES)
async def list_archives(
    machine: TheMachine,
    request: Request,
    response: Response,
    *,
    kind: Annotated[Literal["captures", "webhooks", "calls", "events"] | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Archive]:
    """Certificates of what left the database, newest first."""
    found = await reading.listed(machine, kind=kind, cursor=cursor, limit=limit)
    link_next(request, response, found.next)
    return Page(data=[_archive(row) for row in found.rows], next=found.next)


@router.get("/archives/{id}")
@needs(Right.EXCHANGES)
async def get_archive(machine: TheMachine, id: ArchiveId) -> Archive:  # noqa: A002 - the name in the path
    """One certificate: what, from when to when, how many, and by which policy."""
    return _archive(await reading.one(machine, id))


@router.get("/archives/{id}/verification")
@needs(Right.EXCHANGES)
async def verify_archive(machine: TheMachine, id: ArchiveId) -> Verification:  # noqa: A002 - same
    """Read the whole file, and compare it with its certificate."""
    verdict = await reading.verified(machine, await reading.one(machine, id))
    return Verification(archive=verdict.archive, fine=verdict.fine, why=verdict.why)


def _archive(row: Row) -> Archive:
    same: dict[str, Any] = {name: row[name] for name in Archive.model_fields if name not in {"removed_at", "by"}}
    return Archive(**same, removed_at=row["at"], by=row["worker"])
