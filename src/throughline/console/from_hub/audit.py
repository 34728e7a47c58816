"""The audit trail's pages, from the log."""

from collections.abc import Sequence
from datetime import date, timedelta
from shlex import quote
from typing import Any
from urllib.parse import urlencode

from throughline.console.audit import AuditPage, Fact, Filter, LeafPage, LeafRow, VerificationPage
from throughline.console.from_hub import wording
from throughline.console.from_hub.frame import Setting, shell
from throughline.console.pieces import EmptyPlace, Moment
from throughline.console.shell import Crumb
from throughline.core import exact
from throughline.hub.audit.proving import Proof
from throughline.hub.audit.reading import Standing
from throughline.hub.audit.verifying import SLACK, Verdict
from throughline.store.database import Row

TRAIL = Crumb("Audit trail", "/audit")
FILTERS = (
    ("actor", "Person", "text", "Ada"),
    ("action", "Action", "text", "answered"),
    ("object", "Object", "text", "hold-7f3k2"),
    ("engagement", "Engagement", "text", "opportunity-7f3k2"),
    ("since", "From", "date", ""),
    ("until", "To", "date", ""),
)


def page(
    setting: Setting, rows: Sequence[Row], stands: Standing, said: dict[str, str], *, older: str = "", newest: str = ""
) -> AuditPage:
    query = f"?{urlencode(said)}" if said else ""
    of_time = "since" in said and "until" in said
    only_time = not said.keys() - {"since", "until"}
    packed = {"engagement": said["engagement"]} if "engagement" in said else said if of_time and only_time else {}
    return AuditPage(
        shell=shell(setting, "Audit trail", "audit", Crumb("Audit trail")),
        summary=_summary(stands),
        fragment_url=f"/audit/fragment{query}",
        rows=tuple(row(each) for each in rows),
        filters=tuple(
            Filter(name=name, label=label, value=said.get(name, ""), type=type_, example=example)
            for name, label, type_, example in FILTERS
        ),
        facts=_facts(stands, setting),
        note=stands.note,
        public_key=stands.public_key,
        verify_url="/audit/verification",
        csv_url=f"/audit.csv{query}",
        pack_url=f"/audit/evidence.zip?{urlencode(packed)}" if packed else "",
        all_url="/audit" if said else "",
        cli=_command(said),
        empty=EmptyPlace("Nothing of this is in the log", "Choose another person, action, object or time.")
        if said
        else EmptyPlace("Nothing is in the log yet", "A worker enters what was decided within a second."),
        older_url=older,
        newest_url=newest,
    )


def _command(said: dict[str, str]) -> str:
    """A day on the page is included; a command goes up to a moment."""
    until = {"until": str(date.fromisoformat(said["until"]) + timedelta(days=1))} if "until" in said else {}
    return " ".join(
        ["throughline audit list", *(f"--{name} {quote(value)}" for name, value in {**said, **until}.items())]
    )


def row(leaf: Row) -> LeafRow:
    told = exact.loads(leaf["entry"])
    engagement = told.get("engagement") or ""
    return LeafRow(
        key=str(leaf["seq"]),
        href=f"/audit/leaves/{leaf['seq']}",
        place=f"{leaf['seq']:,}",
        at=_moment(told),
        actor=told.get("actor", ""),
        action=told.get("action", ""),
        object=told.get("object", ""),
        engagement=engagement,
        about_href=f"/engagements/{engagement}" if engagement else "",
    )


def leaf(setting: Setting, proof: Proof, public_key: str) -> LeafPage:
    told = exact.loads(proof.entry)
    place, engagement = f"{proof.seq:,}", told.get("engagement")
    words = (("actor", "Who"), ("action", "Did"), ("object", "To"), ("engagement", "Engagement"), ("run", "Run"),
             ("source", "In words"), ("digest", "SHA-256 of what it was about"))  # fmt: skip
    return LeafPage(
        shell=shell(setting, f"Leaf {place}", "audit", TRAIL, Crumb(f"Leaf {place}")),
        summary=f"In the log of {proof.size:,} leaves, as it was signed.",
        place=place,
        entry=proof.entry,
        facts=(
            Fact(label="When", value=_moment(told).text),
            *(Fact(label=label, value=str(told[name])) for name, label in words if told.get(name)),
        ),
        about_href=f"/engagements/{engagement}" if engagement else "",
        size=f"{proof.size:,}",
        path=tuple(each.hex() for each in proof.path),
        note=proof.note,
        public_key=public_key,
        cli=f"throughline audit prove {proof.seq}",
    )


def verification(setting: Setting, found: Verdict) -> VerificationPage:
    said = "Everything is as it was signed." if found.fine else wording.counted(len(found.findings), "finding") + "."
    return VerificationPage(
        shell=shell(setting, "Verification", "audit", TRAIL, Crumb("Verification")),
        summary=said,
        fine=found.fine,
        facts=(
            Fact(label="Leaves read", value=f"{found.leaves:,}"),
            Fact(label="Checkpoints compared", value=f"{found.checkpoints:,}"),
            Fact(label="Waiting for their place", value=f"{found.waiting:,}"),
        ),
        findings=tuple(found.findings),
        back_url="/audit",
        cli="throughline audit verify --kept kept.txt",
    )


def _summary(stands: Standing) -> str:
    if not stands.size:
        return "Nothing was signed yet: a worker signs within a second of what was decided."
    return f"{wording.counted(stands.size, 'leaf', 'leaves')}, all under a signed checkpoint."


def _facts(stands: Standing, setting: Setting) -> tuple[Fact, ...]:
    signed = wording.span(setting.now - stands.signed_at) if stands.signed_at else ""
    waited = setting.now - stands.waiting_since if stands.waiting_since else None
    late = waited is not None and waited > SLACK
    elsewhere = [
        Fact(label="Told elsewhere", value=place, note=f"up to {size:,} leaves") for place, size in stands.told
    ]
    nowhere = Fact(label="Told elsewhere", value="Nowhere", note="set THROUGHLINE_AUDIT_ANCHOR", tone="warn")
    return (
        Fact(label="Signed", value=f"{stands.size:,} leaves", note=f"{signed} ago" if signed else "not yet"),
        Fact(
            label="Waiting",
            value=wording.counted(stands.waiting, "leaf", "leaves"),
            note=f"for {wording.span(waited)}: run a worker" if waited and late else "for their place in the log",
            tone="risk" if late else "",
        ),
        *(elsewhere or [nowhere]),
    )


def _moment(told: dict[str, Any]) -> Moment:
    at = str(told.get("at", ""))
    return Moment(at, f"{at[:10]} {at[11:19]}")
