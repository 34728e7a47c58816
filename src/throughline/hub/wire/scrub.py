"""Takes secrets out of what is kept: by name wherever names stand, and by value however it is spelled.

A text is kept as it came unless there is a secret in it. Only then is it taken apart: JSON as JSON, a form as a form,
whatever lies inside as well. What cannot be taken apart is searched as text.
"""

import base64
import html
import json
import re
from collections.abc import Iterable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

from throughline.core import exact
from throughline.hub.wire.transport import Raw, Request

SCRUBBED = "[scrubbed]"
HEADERS = frozenset({"authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key", "www-authenticate"})
_ENDINGS = (
    "token", "secret", "password", "passwd", "assertion", "apikey", "privatekey", "sessionid", "authorization",
    "codeverifier",
)  # fmt: skip
# Where a list goes on is no secret, and a replay needs it.
_HARMLESS = re.compile("page|next|sync|continu|cursor")
# A text with none of these, and no secret we know, has nothing to hide; most texts are done with here.
_SUSPECT = (
    "token", "secret", "passw", "assertion", "authorization", "verifier", "bearer", "basic ", "apikey", "api_key",
    "api-key", "privatekey", "private_key", "private-key", "sessionid", "session_id", "session-id", "%", "\\u", "\x00",
)  # fmt: skip
_WORDS = (
    r"token|secret|password|passwd|assertion|api[_-]?key|private[_-]?key|session[_-]?id|authorization|code[_-]?verifier"
)
_NAME = rf"(?P<name>[\w.\-]*(?:{_WORDS}))"
_QUOTE = r"(?:\\*\"|\\*'|&quot;|&#34;|%22)"
# The value ends where its quotation does, or the text: answers are cut off.
_QUOTED = re.compile(
    rf"((?P<q>{_QUOTE}){_NAME}(?P=q)\s*(?::|%3A|=)\s*)"
    rf"(?:(?P=q)(?:(?!(?P=q))(?:\\.|.))*(?:(?P=q)|\Z)|(?!null|true|false)[\w.+/=-]+)",
    re.IGNORECASE | re.DOTALL,
)
_PLAIN = re.compile(rf"((?:^|[&?;,\s]){_NAME}=)[^&\s;,]+", re.IGNORECASE)
_TAGGED = re.compile(rf"(<(?:\w+:)?{_NAME}(?:\s[^>]*)?>)[^<]+", re.IGNORECASE)
_BEARER = re.compile(r"((?:bearer|basic)\s+)[\w.~+/=-]{8,}", re.IGNORECASE)
_PERSON = re.compile(r"(://)[^/\s@\"'?#]+@")
_ESCAPED = re.compile(r"(?:\\u00|%)([2-6][0-9a-f]|7[0-9a-e])", re.IGNORECASE)
_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")
_SHORTEST_SECRET = 8  # a shorter value would blacken ordinary words
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Clean:
    """An exchange as it may be kept."""

    url: str
    request_headers: dict[str, str]
    request_body: bytes
    answer_headers: dict[str, str]
    answer_body: bytes


def exchange(request: Request, raw: Raw, secrets: Iterable[str] = ()) -> Clean:
    """A whole exchange. One look over all of it is enough for most; the others are gone through piece by piece."""
    known = tuple(secrets)
    sent = {name: value for name, value in request.headers.items() if name.lower() not in HEADERS}
    came = {name: value for name, value in raw.headers.items() if name not in HEADERS}
    bodies = (request.body.decode("latin-1"), raw.body.decode("latin-1"))
    everything = "\n".join((request.url, *sent, *sent.values(), *came, *came.values(), *bodies))
    if everything.isascii() and not _is_suspect(everything, known):
        hidden = {name: SCRUBBED for name in request.headers if name not in sent}
        hidden_too = {name: SCRUBBED for name in raw.headers if name not in came}
        return Clean(request.url, {**sent, **hidden}, request.body, {**came, **hidden_too}, raw.body)
    return Clean(
        text(request.url, known),
        headers(request.headers, known),
        body(request.body, known),
        headers(raw.headers, known),
        body(raw.body, known),
    )


def headers(given: Dict[str, str], secrets: Iterable[str] = ()) -> dict[str, str]:
    secrets = tuple(secrets)
    plain = {name: value for name, value in given.items() if name.lower() not in HEADERS}
    together = "\n".join((*plain, *plain.values()))
    if together.isascii() and not _is_suspect(together, secrets):
        return plain if len(plain) == len(given) else {name: plain.get(name, SCRUBBED) for name in given}
    return {
        text(name, secrets): SCRUBBED if name.lower() in HEADERS or _named(name) else text(value, secrets)
        for name, value in given.items()
    }


def body(given: bytes, secrets: Iterable[str] = ()) -> bytes:
    """Bytes without a secret stay the very bytes they are."""
    if not given:
        return given
    said = given.decode("utf-8", "replace")
    scrubbed = _scrubbed(said, tuple(secrets))
    return given if scrubbed == said else scrubbed.encode("utf-8", "replace")


def text(given: str, secrets: Iterable[str] = ()) -> str:
    """For a text column as well, which holds neither NUL nor half a character."""
    return _scrubbed(_UNPRINTABLE.sub("\ufffd", given), tuple(secrets))


def _scrubbed(given: str, secrets: tuple[str, ...], depth: int = 0) -> str:
    known = spellings(secrets)
    if not _is_suspect(given, secrets):
        return given
    if depth < _DEEPEST and given.lstrip()[:1] in {"{", "[", '"'}:
        clean = _in_json(given, secrets, depth)
        if clean is not None:
            return clean
    opened = _in_text(_in_form(given, secrets, depth) if depth < _DEEPEST else given, known)
    # Beneath an escaping that we did not take off there may be a secret as well.
    plainer = _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), opened)
    return opened if (clean := _in_text(plainer, known)) == plainer else clean


def _is_suspect(given: str, secrets: tuple[str, ...]) -> bool:
    low = given.lower()
    # A loop, not a generator: this looks at every exchange there is.
    for word in _SUSPECT:
        if word in low:
            return True
    # An address with an "@" is suspect; a person's e-mail alone is not.
    return ("@" in low and "://" in low) or any(each in given for each in spellings(secrets))


def _in_text(given: str, known: tuple[str, ...]) -> str:
    for each in known:
        given = given.replace(each, SCRUBBED)
    given = _QUOTED.sub(lambda found: _hidden(found, f"{found['q']}{SCRUBBED}{found['q']}"), given)
    for pattern in (_PLAIN, _TAGGED):
        given = pattern.sub(lambda found: _hidden(found, SCRUBBED), given)
    return _PERSON.sub(rf"\g<1>{SCRUBBED}@", _BEARER.sub(rf"\g<1>{SCRUBBED}", given))


def _hidden(found: re.Match[str], instead: str) -> str:
    return found[1] + instead if _named(found["name"]) else found[0]


@lru_cache(maxsize=256)
def spellings(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """How a secret may be written: as it is, in a URL, in JSON, in HTML, in base64; the longest first."""
    found: set[str] = set()
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            quoted = json.dumps(secret)[1:-1]
            found |= {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), quoted, html.escape(secret)}
            found |= {quoted.replace("/", r"\/"), base64.b64encode(secret.encode()).decode().rstrip("=")}
    return tuple(sorted(found, key=len, reverse=True))


def _in_json(given: str, secrets: tuple[str, ...], depth: int) -> str | None:
    """None when it is no JSON after all."""
    found = False

    def pairs(read: list[tuple[str, Any]]) -> dict[str, Any]:
        # As pairs, because of two that share a name only one would be seen.
        nonlocal found
        clean: dict[str, Any] = {}
        for name, value in read:
            hidden = _named(name) and value is not None and not isinstance(value, bool)
            found = found or hidden
            clean[_scrubbed(name, secrets, depth + 1)] = SCRUBBED if hidden else value
        return clean

    def walked(value: Any) -> Any:
        nonlocal found
        if isinstance(value, dict):
            return {name: walked(each) for name, each in value.items()}
        if isinstance(value, list):
            return [walked(each) for each in value]
        if not isinstance(value, str):
            return value
        clean = _scrubbed(value, secrets, depth + 1)
        found = found or clean != value
        return clean

    try:
        clean = walked(json.loads(given, object_pairs_hook=pairs, parse_float=Decimal))
        return exact.dumps(clean) if found else given
    except (ValueError, ArithmeticError, RecursionError):
        return None


def _in_form(given: str, secrets: tuple[str, ...], depth: int) -> str:
    """A form, or a URL with its query: pairs of names and values, each written in its own way."""
    before, mark, form = given.partition("?") if "://" in given[:10] or given[:1] == "/" else ("", "", given)
    if "=" not in form or "\n" in form.strip():
        return given
    return before + mark + "&".join(_pair(pair, secrets, depth) for pair in form.split("&"))


def _pair(pair: str, secrets: tuple[str, ...], depth: int) -> str:
    name, equals, value = pair.partition("=")
    if not equals:
        return pair
    if _named(unquote_plus(name)):
        return f"{name}={SCRUBBED}"
    plain = unquote_plus(value)
    clean = _scrubbed(plain, secrets, depth + 1)
    return pair if clean == plain else f"{name}={quote_plus(clean)}"


@lru_cache(maxsize=4096)
def _named(name: str) -> bool:
    """Whether what goes by this name is a secret."""
    plain = re.sub("[^a-z0-9]", "", name.lower())
    return plain.endswith(_ENDINGS) and not _HARMLESS.search(plain)
