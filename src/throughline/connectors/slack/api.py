"""How to ask Slack, and how Slack's own notices are checked."""

import hashlib
import hmac
from collections.abc import Mapping as Dict
from datetime import datetime, timedelta

from throughline.core import exact
from throughline.core.connector import (
    Answer,
    Credentials,
    Expired,
    Fine,
    Http,
    Received,
    Refused,
    Sent,
    Throttled,
    Token,
    Unwell,
    Verdict,
    retry_after,
)
from throughline.core.mapping import Mapping

TOLERANCE = timedelta(minutes=5)
CREDENTIAL_ERRORS = frozenset({"not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired"})
# The second is what posting alone says. https://api.slack.com/methods/chat.postMessage#errors
THROTTLES = frozenset({"ratelimited", "rate_limited"})
# Slack's fault; some of what was asked may have been done all the same.
PASSING_ERRORS = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})
# Without a charset Slack answers with a warning.
JSON = {"Content-Type": "application/json; charset=utf-8"}


def ask(credentials: Credentials, _now: datetime) -> Token:
    """A bot token does not expire unless token rotation is on."""
    return Token(headers={"Authorization": f"Bearer {credentials.secret('token')}"})


async def put(http: Http, _mapping: Mapping, sent: Sent) -> str:
    """Post, or correct what was posted. The key is channel and time stamp: only together are they unique."""
    if sent.key:
        channel, ts = sent.key.split(":", 1)
        # https://api.slack.com/methods/chat.update
        await http.call("POST", "/api/chat.update", json={**sent.record, "channel": channel, "ts": ts}, headers=JSON)
        return sent.key
    # https://api.slack.com/methods/chat.postMessage
    answer = await http.call("POST", "/api/chat.postMessage", json=sent.record, headers=JSON)
    return f"{answer.body['channel']}:{answer.body['ts']}"


def judge(answer: Answer) -> Verdict:
    """Most refusals come as 200 with {"ok": false, "error": ...}."""
    body = answer.body if isinstance(answer.body, dict) else {}
    error = str(body.get("error") or f"status {answer.status}")
    if answer.status == 429 or error in THROTTLES:
        return Throttled(retry_after(answer))
    if answer.status >= 500 or error in PASSING_ERRORS:
        return Unwell(error)
    if answer.status == 401 or error in CREDENTIAL_ERRORS:
        return Expired(error)
    if answer.status < 300 and not body:
        return Unwell(f"an answer that is not JSON: {answer.text[:100]}")
    if answer.status < 300 and body.get("ok") is True:
        return Fine()
    needed = f": it needs {body['needed']}" if "needed" in body else ""
    return Refused(f"{error}{needed}")


def signed(credentials: Credentials, headers: Dict[str, str], body: bytes, now: datetime) -> bool:
    """`v0=` HMAC-SHA256 over `v0:<timestamp>:<body>`, not older than five minutes. Never raises, whatever arrives."""
    # https://api.slack.com/authentication/verifying-requests-from-slack
    stamp, given = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    secret = credentials.secrets.get("hook")
    if not secret or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        return False
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        return False
    wanted = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={wanted}".encode(), given.encode("utf-8", "replace"))


def receive(headers: Dict[str, str], body: bytes) -> Received:
    """Events and presses are kept and acknowledged; only the challenge wants an answer of its own."""
    if not headers.get("content-type", "").startswith("application/json"):
        return Received()
    said = exact.loads(body)
    return Received(reply=str(said["challenge"]) if said["type"] == "url_verification" else None)
