"""The edge of the API: every request gets its ids, its body is capped, and an unchanged answer is not sent again."""

import hashlib
import re
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from throughline.core.ids import Ids

LARGEST_BODY = 2**20
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,80}")


class TooLarge(Exception):
    """More was sent than is read."""


@dataclass(frozen=True, slots=True)
class Traced:
    """Takes part in the caller's trace, or begins one; every answer names its request."""

    app: ASGIApp
    ids: Ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else self.ids("request")
        trace_id = trace_of(headers.get("traceparent", ""), request_id)
        scope.setdefault("state", {}).update(request_id=request_id, trace_id=trace_id)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        await self.app(scope, receive, answer)


def trace_of(traceparent: str, request_id: str) -> str:
    """The caller's trace id (https://www.w3.org/TR/trace-context/), or one that follows from the request's id."""
    found = _TRACEPARENT.fullmatch(traceparent.strip().lower())
    if found and set(found[1]) != {"0"} and set(found[2]) != {"0"}:
        return found[1]
    return hashlib.sha256(request_id.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Tagged:
    """Answers to GET that are sent whole carry a strong ETag; who has it already is sent nothing."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        known = Headers(scope=scope).get("if-none-match", "")
        start: Message | None = None

        async def answer(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and message["status"] == 200:
                start = message
                return
            if start is not None:
                first, start = start, None
                if not message.get("more_body"):
                    first, message = tagged(first, message, known)
                await send(first)
            await send(message)

        await self.app(scope, receive, answer)


def tagged(start: Message, body: Message, known: str) -> tuple[Message, Message]:
    etag = f'"{hashlib.sha256(body["body"]).hexdigest()[:32]}"'
    headers = MutableHeaders(scope=start)
    headers["ETag"] = etag
    headers.setdefault("Cache-Control", "private, no-cache")
    if etag in (each.strip() for each in known.split(",")):
        del headers["content-length"]
        return {**start, "status": 304}, {**body, "body": b""}
    return start, body


async def read_whole(receive: Receive, headers: Headers, most: int) -> bytes:
    """The body, if it is not larger than that; of a larger one nothing more is read."""
    said = headers.get("content-length", "0")
    if said.isdigit() and int(said) > most:
        raise TooLarge
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the sender went away")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > most:
            raise TooLarge
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


def replayed(body: bytes, receive: Receive) -> Receive:
    """Hands out a body that was read already; after it, whatever the connection says."""
    handed = False

    async def again() -> Message:
        nonlocal handed
        if handed:
            return await receive()
        handed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
