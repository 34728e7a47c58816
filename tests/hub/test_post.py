"""Told by mail: each event is one letter, in the order of its key, brought again when the mail server was away."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest

from throughline.core.cloud_events import CloudEvent
from throughline.core.letters import NotAnAddress, address_of, letter
from throughline.core.targets import Targets
from throughline.hub import subscriptions
from throughline.hub.horizon import Horizon
from throughline.hub.post import NotPosted, Smtp
from throughline.hub.seal import Safe
from throughline.hub.subscriptions import NotNow, NotSubscribable
from throughline.hub.webhooks import Webhooks

EVENT = "insert into events (id, type, subject, fields, correlation, at) values ($1, $2, $3, $4, 'deal-1', $5)"
TO = "mailto:finance@example.com"


@dataclass
class MailServer:
    """Speaks as much SMTP as a letter needs; `refuses` says no to whom the letter is for."""

    letters: list[Message] = field(default_factory=list[Message])
    refuses: bool = False
    extensions: tuple[str, ...] = ()
    commands: list[str] = field(default_factory=list[str])

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            said = line.decode().strip()
            self.commands.append(said)
            match said.split()[0].upper():
                case "EHLO":
                    lines = ["fake", *self.extensions]
                    told = [f"250{'-' if n < len(lines) - 1 else ' '}{each}" for n, each in enumerate(lines)]
                    writer.write(("\r\n".join(told) + "\r\n").encode())
                case "RCPT" if self.refuses:
                    writer.write(b"550 nobody here\r\n")
                case "DATA":
                    writer.write(b"354 go on\r\n")
                    body = await reader.readuntil(b"\r\n.\r\n")
                    self.letters.append(message_from_bytes(body[:-5]))
                    writer.write(b"250 taken\r\n")
                case "QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                case _:
                    writer.write(b"250 fine\r\n")
        writer.close()


@dataclass
class Office:
    """A mail server, its address, and a machine that hands letters to it."""

    server: MailServer
    url: str
    machine: Any
    world: Any

    async def subscribe(self, *types: str, to: str = TO) -> str:
        return (await subscriptions.create(self.machine, to, types=types, person="Ada")).id

    async def happens(self, number: int, type_: str = "SlaBreached", subject: str = "clock-1", **fields: Any) -> None:
        await self.world.pool.execute(EVENT, f"e{number}", type_, subject, fields, self.world.clock())

    async def tell(self) -> None:
        outbox = self.machine.outbox("worker-1")
        await outbox.look()
        await outbox.quiet()

    def subjects(self) -> list[str]:
        return [str(each["Subject"]) for each in self.server.letters]


@pytest.fixture
async def office(world: Any) -> AsyncGenerator[Office]:
    fake = MailServer()
    listening = await asyncio.start_server(fake.answer, "127.0.0.1", 0)
    url = f"smtp://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    post = Smtp(url, "throughline@example.com")
    hooks = Webhooks(world.pool, Horizon(world.pool), world.estate, Targets(()), Safe(b"key"), world.clock, post=post)
    yield Office(fake, url, replace(world.machine, webhooks=hooks), world)
    listening.close()


async def test_what_was_subscribed_to_comes_as_a_letter(office: Office) -> None:
    await office.subscribe("SlaBreached")
    await office.happens(1, hop="project_open", name="Claims analytics")
    await office.happens(2, "OpportunityWon", "deal-1")

    await office.tell()

    (only,) = office.server.letters
    assert only["Subject"] == "Sla breached: Claims analytics"
    assert (only["To"], only["From"]) == ("finance@example.com", "throughline@example.com")
    assert only["Message-ID"] == "<e1@throughline>"
    assert "Look: throughline trace deal-1" in str(only.get_payload())


async def test_letters_about_one_thing_come_in_order(office: Office) -> None:
    await office.subscribe()
    for number in range(1, 5):
        await office.happens(number, name=f"n{number}")

    await office.tell()

    assert office.subjects() == [f"Sla breached: n{number}" for number in range(1, 5)]


async def test_a_letter_that_was_refused_is_brought_again_and_the_reason_is_kept(office: Office) -> None:
    id_ = await office.subscribe()
    office.server.refuses = True
    await office.happens(1)
    await office.tell()
    (refused,) = (await subscriptions.delivered(office.machine, id_)).rows

    office.server.refuses = False
    office.world.clock.advance(timedelta(hours=1).total_seconds())
    await office.tell()

    assert "550" in refused.attempts[0]["why"]
    assert office.subjects() == ["Sla breached: clock-1"]


async def test_a_mail_server_that_is_away_took_nothing() -> None:
    away = Smtp("smtp://127.0.0.1:1", "throughline@example.com")

    with pytest.raises(NotPosted, match="did not take it"):
        await away.send(letter(event(), sender="a@example.com", to="b@example.com"))


async def test_a_letter_may_be_tried_out_and_has_no_secret(office: Office) -> None:
    made = await subscriptions.create(office.machine, TO, person="Ada")

    answered = await subscriptions.test(office.machine, made.id, person="Ada")

    assert (made.secret, answered.status) == (None, 250)
    with pytest.raises(NotNow, match="no secret"):
        await subscriptions.rotate(office.machine, made.id, person="Ada")


async def test_without_a_mail_server_nobody_subscribes_by_mail(office: Office) -> None:
    none = replace(office.machine, webhooks=replace(office.machine.webhooks, post=None))

    with pytest.raises(NotSubscribable, match="THROUGHLINE_MAIL_URL"):
        await subscriptions.create(none, TO, person="Ada")


async def test_a_password_is_not_said_in_the_clear(office: Office) -> None:
    url = office.url.replace("//", "//somebody:secret@")

    with pytest.raises(NotPosted, match="no TLS"):
        await Smtp(url, "a@example.com").send(letter(event(), sender="a@example.com", to="b@example.com"))

    assert not [said for said in office.server.commands if said.upper().startswith("AUTH")]
    assert "secret" not in repr(Smtp(url, "a@example.com"))


@pytest.mark.parametrize(
    "url", ["mailto:", "mailto:a", "mailto:a@b", "mailto:a@b.c,d@e.f", "mailto:a@b.c\nBcc: d@e.f", "mailto:a@b@c.d",
            "mailto:a b@c.d", "mailto:a@b.c?subject=x"],
)  # fmt: skip
def test_anything_else_than_one_address_is_refused(url: str) -> None:
    with pytest.raises(NotAnAddress):
        address_of(url)


def test_a_name_with_a_line_of_its_own_adds_no_head() -> None:
    hostile = event(name="x\r\nBcc: everybody@example.com")

    written = letter(hostile, sender="a@example.com", to="b@example.com")

    assert written["Bcc"] is None
    assert written["Subject"] == "Sla breached: x Bcc: everybody@example.com"


def event(**data: str) -> CloudEvent:
    return CloudEvent("e1", "SlaBreached", "clock-1", datetime(2026, 11, 20, 12, tzinfo=UTC), "deal-1", data)
