"""The door webhooks come in through: plain ASGI, because a framework's routing costs half the throughput."""

from dataclasses import dataclass

import asyncpg
import structlog
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from throughline.api.edge import TooLarge, read_whole
from throughline.core.errors import Hold
from throughline.hub.intake import LARGEST_DELIVERY, Intake, Reception

log = structlog.get_logger()

PREFIX = "/hooks/"
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Hooks:
    """`POST /hooks/{system}`. Nothing is acknowledged that is not committed."""

    intake: Intake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await say(send, 405, "a webhook is a POST", (b"allow", b"POST"))
            return
        system = scope["path"][len(PREFIX) :]
        headers = Headers(scope=scope)
        try:
            body = await read_whole(receive, headers, LARGEST_DELIVERY)
            reception, text = await self.intake.accept(system, dict(headers), body)
        except TooLarge:
            too_large = Reception.TOO_LARGE.value
            await say(send, too_large, f"a delivery is at most {LARGEST_DELIVERY} bytes", (b"connection", b"close"))
        except ConnectionResetError:
            return
        except Hold as hold:
            log.warning("hook.not_taken", system=system, why=hold.why)
            await say(send, 503, "not taken: send it again", (b"retry-after", b"60"))
        except AWAY as error:
            log.warning("hook.not_taken", system=system, why=f"{type(error).__name__}: {error}")
            await say(send, 503, "not taken: send it again", (b"retry-after", b"5"))
        else:
            await say(send, reception.value, text)


async def say(send: Send, status: int, text: str, *more: tuple[bytes, bytes]) -> None:
    """A short answer in plain words."""
    body = text.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
