"""Token-based authentication: OAuth 1.0a with HMAC-SHA256, checked as RFC 5849 says."""

import base64
import hashlib
import hmac
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

WINDOW_SECONDS = 300
_NEEDED = ("oauth_consumer_key", "oauth_token", "oauth_nonce", "oauth_timestamp", "oauth_signature")


@dataclass(frozen=True, slots=True)
class Keys:
    """What an administrator creates for an integration, and its user's token."""

    realm: str
    consumer_key: str
    consumer_secret: str
    token_id: str
    token_secret: str


@dataclass(frozen=True, slots=True)
class Signed:
    """The request as its signer saw it: the URL without its query, and the query as it was sent."""

    method: str
    url: str
    query: str
    header: str


class Checker:
    """Remembers the nonces of the window, so that a request that was listened to cannot be sent again."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._seen: set[tuple[str, str]] = set()
        self._order: deque[tuple[str, str]] = deque(maxlen=100_000)

    def refuse(self, signed: Signed, is_now: Callable[[float, float], bool]) -> str | None:  # noqa: PLR0911 - one per reason
        """Why the request is not let in, or None. `is_now` says whether a time is within so many seconds of now."""
        given = _header_parameters(signed.header)
        if missing := [name for name in _NEEDED if not given.get(name)]:
            return f"{', '.join(missing)} missing"
        if given.get("realm") != self._keys.realm:
            return f"realm {given.get('realm')!r} is not this account"
        if given.get("oauth_version", "1.0") != "1.0" or given.get("oauth_signature_method") != "HMAC-SHA256":
            return "only OAuth 1.0 with HMAC-SHA256 is supported"
        if (given["oauth_consumer_key"], given["oauth_token"]) != (self._keys.consumer_key, self._keys.token_id):
            return "consumer key or token unknown"
        if not given["oauth_timestamp"].isdigit() or not is_now(float(given["oauth_timestamp"]), WINDOW_SECONDS):
            return "timestamp outside the window"
        if not hmac.compare_digest(self._signature(signed, given).encode(), given["oauth_signature"].encode()):
            return "signature wrong"
        return self._seen_before(given["oauth_nonce"], given["oauth_timestamp"])

    def _seen_before(self, nonce: str, timestamp: str) -> str | None:
        if (nonce, timestamp) in self._seen:
            return "nonce used before"
        if len(self._order) == self._order.maxlen:
            self._seen.discard(self._order[0])
        self._order.append((nonce, timestamp))
        self._seen.add((nonce, timestamp))
        return None

    def _signature(self, signed: Signed, given: dict[str, str]) -> str:
        own = [(name, value) for name, value in given.items() if name not in {"realm", "oauth_signature"}]
        sent = parse_qsl(signed.query, keep_blank_values=True)
        pairs = sorted((_escape(name), _escape(value)) for name, value in [*own, *sent])
        parameters = "&".join(f"{name}={value}" for name, value in pairs)
        base = "&".join((signed.method.upper(), _escape(signed.url), _escape(parameters)))
        key = f"{_escape(self._keys.consumer_secret)}&{_escape(self._keys.token_secret)}"
        return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()


def _header_parameters(header: str) -> dict[str, str]:
    """OAuth realm="X", oauth_nonce="...", ...: values are percent-encoded."""
    parameters: dict[str, str] = {}
    for part in header.removeprefix("OAuth ").split(","):
        name, equals, value = part.strip().partition("=")
        if equals:
            parameters[unquote(name)] = unquote(value.strip('"'))
    return parameters


def _escape(value: str) -> str:
    return quote(value, safe="-._~")
