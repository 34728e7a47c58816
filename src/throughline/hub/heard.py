"""What a delivery says, as far as its connector can tell: what changed, or why it cannot be understood."""

from dataclasses import dataclass, field

from throughline.core.connector import Connector, Notice
from throughline.core.forms import Record
from throughline.hub.dead_letters import NotUnderstood
from throughline.store.database import Row


@dataclass(slots=True, eq=False)
class Heard:
    """What one delivery says, what was read because of it, or why it cannot be understood."""

    id: int
    notices: tuple[Notice, ...] = ()
    error: Exception | None = None
    again: bool = False
    records: list[tuple[Notice, Record]] = field(default_factory=list[tuple[Notice, Record]])


def heard_of(connector: Connector, row: Row) -> Heard:
    if connector.receive is None:
        return Heard(row["id"])
    try:
        notices = connector.receive(row["request_headers"], row["request_body"]).notices
        for notice in notices:
            _refuse_odd(notice)
    except Exception as error:  # noqa: BLE001 - same
        why = NotUnderstood(f"cannot be understood: {type(error).__name__} {error}")
        why.__cause__ = error
        return Heard(row["id"], error=why)
    return Heard(row["id"], notices)


def _refuse_odd(notice: Notice) -> None:
    """Names the database cannot even be asked for would stop everybody they are asked for together with."""
    if any("\x00" in name.encode().decode() for name in (notice.id, notice.kind, notice.key)):
        raise ValueError(f"{notice} has a name that is none")
