"""The post: letters handed to a mail server, one after the other, off the loop."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

SECONDS = 30.0
PORTS = {"smtp": 587, "smtps": 465}


class NotPosted(Exception):
    """The mail server did not take a letter; the text says why."""


class Post(Protocol):
    """Whoever brings letters; `sender` is whom they come from."""

    @property
    def sender(self) -> str: ...

    async def send(self, letter: EmailMessage) -> None:
        """Handed over, or NotPosted."""
        ...


@dataclass(frozen=True, slots=True)
class Smtp:
    """`smtp://user:password@host:port` begins in the clear and goes on under TLS if it can; `smtps://` is all TLS."""

    url: str = field(repr=False)
    sender: str

    async def send(self, letter: EmailMessage) -> None:
        await asyncio.to_thread(self._send, letter)

    def _send(self, letter: EmailMessage) -> None:
        try:
            with self._opened() as server:
                server.send_message(letter)
        except (smtplib.SMTPException, OSError) as error:
            raise NotPosted(f"the mail server did not take it: {type(error).__name__}: {error}") from error

    def _opened(self) -> smtplib.SMTP:
        where = urlsplit(self.url)
        host, port = where.hostname or "", where.port or PORTS[where.scheme]
        if where.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=ssl.create_default_context())
        else:
            server = smtplib.SMTP(host, port, timeout=SECONDS)
            self._in_private(server, with_password=bool(where.username))
        if where.username:
            server.login(unquote(where.username), unquote(where.password or ""))
        return server

    def _in_private(self, server: smtplib.SMTP, *, with_password: bool) -> None:
        """A password is never said in the clear."""
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        elif with_password:
            server.close()
            raise smtplib.SMTPException("it offers no TLS, and a password is not sent without")
