"""Reading a clock: its face at a moment, with the holds that stood in its way, and how it came out."""

from datetime import date, datetime

from throughline.core.clocks.business_time import FOR_EVER
from throughline.core.clocks.face import Face, Running, face
from throughline.core.clocks.hops import WORK_BILLED
from throughline.core.firm import Firm
from throughline.store import hop_clocks
from throughline.store.database import Row, Sql
from throughline.store.hop_clocks import End


async def face_of(sql: Sql, clock: Row, firm: Firm, *, at: datetime) -> Face:
    """Holds are asked for only where the firm's agreement lets them stop the clock."""
    sla = firm.policies.slas.get(clock["hop"])
    stops = sla is not None and sla.holds == "pause"
    held = await hop_clocks.pauses(sql, clock["engagement"]) if stops else []
    pauses = [(row["opened_at"], row["closed_at"] or FOR_EVER) for row in held]
    known = Running(clock["hop"], clock["began_at"], clock["legal_entity"], pauses, _day(clock))
    return face(known, firm, at=at)


def outcome(clock: Row, seen: Face, *, ended: datetime) -> End:
    met = seen.is_met(ended)
    # A clock that stood still at its end was in time: nothing ran out.
    state = "met" if met or seen.paused else "untimed" if met is None else "missed"
    breached = clock["breached_at"] or (seen.due if state == "missed" else None)
    return End(clock["id"], state, ended, seen.due, breached if state == "missed" else None, seen.spent.total_seconds())


def _day(clock: Row) -> date | None:
    """A month of work is in the period of its first day."""
    if clock["hop"] != WORK_BILLED.name:
        return None
    return date.fromisoformat(f"{clock['subject'].rpartition('/')[2]}-01")
