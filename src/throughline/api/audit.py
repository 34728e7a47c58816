"""The audit log over HTTP: its leaves, what proves them, and whether all of it is as it was signed."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field
from starlette.responses import StreamingResponse

from throughline.api.asking import Cursor, Limit, TheMachine, link_next
from throughline.api.problems import Pointed, Wrong
from throughline.api.shapes import Page, Shape
from throughline.core import exact
from throughline.core.entities.base import Instant
from throughline.core.rights import Right, needs
from throughline.hub.audit import evidence, proving, reading, verifying
from throughline.hub.audit.evidence import Wanted
from throughline.hub.audit.proving import verifier_of
from throughline.hub.audit.reading import Asked
from throughline.store.database import Row

router = APIRouter(tags=["system"])

LARGEST = 2**63 - 1
Place = Annotated[int, Path(ge=0, le=LARGEST, description="Its place in the log.", examples=[0])]
Since = Annotated[Instant | None, Query(description="From this moment on.", examples=["2026-11-01T00:00:00Z"])]
Until = Annotated[Instant | None, Query(description="Up to this moment.", examples=["2026-12-01T00:00:00Z"])]


class Leaf(Shape):
    """One action: who did what to what, and when."""

    seq: int = Field(description="Its place in the log.")
    entry: str = Field(description="The line of JSON that is hashed, to the letter.")
    said: dict[str, Any] = Field(description="The same, read.")


class Checkpoint(Shape):
    """How long the log is, and its root, signed."""

    size: int
    checkpoint: str = Field(description="The signed text (C2SP tlog-checkpoint).")
    public_key: str = Field(description="What it is signed with: origin, hash and key.")


class Inclusion(Shape):
    """Shows that a leaf is in the log (RFC 6962)."""

    seq: int
    entry: str
    size: int
    path: list[str] = Field(description="The audit path, in hexadecimal, from the leaf upwards.")
    checkpoint: str
    public_key: str


class Growth(Shape):
    """Shows that the log has only been added to since it had `before` leaves (RFC 6962)."""

    before: int
    size: int
    path: list[str]
    checkpoint: str
    public_key: str


class AuditVerification(Shape):
    """What reading the whole log found."""

    fine: bool
    leaves: int
    checkpoints: int
    waiting: int = Field(description="Leaves without a place yet.")
    findings: list[str]


@router.get("/audit/leaves")
@needs(Right.AUDIT)
async def list_audit_leaves(
    machine: TheMachine,
    request: Request,
    response: Response,
    *,
    engagement: Annotated[str | None, Query(max_length=200, description="Only of this engagement.")] = None,
    actor: Annotated[
        str | None, Query(max_length=200, description="Only what this person did.", examples=["Ada"])
    ] = None,
    action: Annotated[str | None, Query(max_length=200, description="Only this.", examples=["answered"])] = None,
    object_: Annotated[
        str | None, Query(alias="object", max_length=200, description="Only what was done to this.")
    ] = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Leaf]:
    """What was done, by whom and when, newest first."""
    asked = Asked(actor=actor, action=action, object=object_, engagement=engagement, since=since, until=until)
    found = await reading.listed(machine, asked, cursor=cursor, limit=limit)
    link_next(request, response, found.next)
    return Page(data=[_leaf(row) for row in found.rows], next=found.next)


@router.get("/audit/leaves/{seq}/proof")
@needs(Right.AUDIT)
async def prove_audit_leaf(machine: TheMachine, seq: Place) -> Inclusion:
    """What proves that a leaf is in the log, under its newest checkpoint."""
    proof = await proving.inclusion(machine, seq)
    return Inclusion(
        seq=proof.seq, entry=proof.entry, size=proof.size, path=[each.hex() for each in proof.path],
        checkpoint=proof.note, public_key=verifier_of(machine).text,
    )  # fmt: skip


@router.get("/audit/checkpoint")
@needs(Right.AUDIT)
async def get_audit_checkpoint(machine: TheMachine) -> Checkpoint:
    """The newest checkpoint: keep one elsewhere, and nobody can write the log anew unnoticed."""
    row = await proving.newest(machine)
    return Checkpoint(size=row["size"], checkpoint=row["note"], public_key=verifier_of(machine).text)


@router.get("/audit/growth")
@needs(Right.AUDIT)
async def prove_audit_growth(
    machine: TheMachine,
    *,
    before: Annotated[int, Query(ge=1, le=LARGEST, description="How many leaves the checkpoint kept has.")],
) -> Growth:
    """What proves that the log has only been added to since an earlier checkpoint."""
    found = await proving.growth(machine, before)
    return Growth(
        before=found.before, size=found.size, path=[each.hex() for each in found.path], checkpoint=found.note,
        public_key=verifier_of(machine).text,
    )  # fmt: skip


@router.get("/audit/verification")
@needs(Right.AUDIT)
async def verify_audit_log(machine: TheMachine) -> AuditVerification:
    """Read the whole log, and compare it with every checkpoint and with the journal."""
    found = await verifying.verified(machine)
    return AuditVerification(
        fine=found.fine, leaves=found.leaves, checkpoints=found.checkpoints, waiting=found.waiting,
        findings=found.findings,
    )  # fmt: skip


@router.get(
    "/audit/evidence",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)
@needs(Right.AUDIT)
async def export_audit_evidence(
    machine: TheMachine,
    *,
    engagement: Annotated[str | None, Query(max_length=200, description="Of this engagement.")] = None,
    since: Since = None,
    until: Until = None,
) -> StreamingResponse:
    """An evidence pack of one engagement, or of a time: a zip that is checked with one command, without us."""
    if bool(engagement) == bool(since and until):
        said = "Say an engagement, or both since and until."
        raise Wrong("invalid", errors=(Pointed(pointer="query:engagement", detail=said),))
    parts = await evidence.sent(machine, Wanted(engagement, since, until))
    headers = {"Content-Disposition": 'attachment; filename="evidence.zip"'}
    return StreamingResponse(parts, media_type="application/zip", headers=headers)


def _leaf(row: Row) -> Leaf:
    return Leaf(seq=row["seq"], entry=row["entry"], said=exact.loads(row["entry"]))
