"""Leaves: what the audit log says of one action, as the one line of JSON that is hashed."""

from collections.abc import Mapping as Dict
from datetime import UTC, datetime
from typing import Any

from throughline.core import exact

HEARTBEAT = "heartbeat"
OURSELVES = "throughline"
TOLD = ("actor", "action", "object", "run", "engagement", "source", "digest")


def entry(said: Dict[str, Any]) -> str:
    """In one spelling: sorted, without spaces, and without what was not said."""
    told = {name: said[name] for name in TOLD if said.get(name) is not None}
    return exact.dumps({**told, "at": instant(said["at"])}, sort_keys=True)


def heartbeat(now: datetime) -> str:
    """Nothing happened, and the log is there: a log whose end was cut off has none."""
    return entry({"at": now, "actor": OURSELVES, "action": HEARTBEAT, "object": "audit log"})


def instant(at: datetime) -> str:
    """Always of one length, so that texts are in the order of time."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
