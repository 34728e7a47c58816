"""What NetSuite tells us by itself: signed notices from the user-event script that a firm installs with the bundle."""

import hashlib
import hmac
from collections.abc import Mapping as Dict
from datetime import datetime, timedelta

from throughline.core import exact
from throughline.core.connector import Credentials, Notice, Received

TOLERANCE = timedelta(minutes=5)
KINDS = {
    "customer": "customer",
    "salesOrder": "contract",
    "invoice": "invoice",
    "creditMemo": "credit_memo",
    "customerPayment": "payment",
}
# The script tells of every journal entry of the account. Those that are write-offs are polled for.
IGNORED = frozenset({"journalEntry"})


def signed(credentials: Credentials, headers: Dict[str, str], body: bytes, now: datetime) -> bool:
    """`v1=` HMAC-SHA256 over `<timestamp>.<body>`, not older than five minutes. Never raises, whatever arrives."""
    stamp, given = headers.get("x-throughline-timestamp", ""), headers.get("x-throughline-signature", "")
    secret = credentials.secrets.get("hook")
    if not secret or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        return False
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        return False
    wanted = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v1={wanted}".encode(), given.encode("utf-8", "replace"))


def receive(_headers: Dict[str, str], body: bytes) -> Received:
    """A notice is thin: it says which record, and the record is read afresh. A deletion is reconciliation's to find."""
    said = exact.loads(body)
    if said["recordType"] in IGNORED or said["operation"] == "delete":
        return Received()
    if said["operation"] not in {"create", "edit"}:
        raise ValueError(f"operation is {said['operation']!r}, where create, edit or delete belongs")
    kind = KINDS[said["recordType"]]
    actor = said.get("actor")
    return Received(
        (Notice(str(said["id"]), kind, str(said["recordId"]), author=None if actor is None else str(actor)),)
    )
