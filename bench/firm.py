"""The smallest firm that can be measured: one system, one connector, one workflow of five effects."""

import hashlib
import hmac
from collections.abc import Mapping as Dict
from datetime import datetime
from pathlib import Path

from throughline.core.connector import (
    Answer,
    Connector,
    Credentials,
    Fine,
    Http,
    Received,
    Sent,
    Token,
    Unwell,
    Verdict,
)
from throughline.core.entities import Customer, Message, MessageId
from throughline.core.events import OpportunityWon
from throughline.core.mapping import Mapping, Row, Rung
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow

SECRET = "bench-hook-secret"  # noqa: S105 - a measurement's own
TOKEN = "bench-token"  # noqa: S105 - the same
FILES = {
    "firm.yaml": """\
name: Bench
reporting_currency: EUR
service_lines: [Advisory]
legal_entities:
  - { code: DE, name: Bench GmbH, country: DE, currency: EUR, timezone: Europe/Berlin, holidays: DE }
""",
    "ownership.yaml": 'message: { "*": hub }\ncustomer: { "*": crm }\n',
    "policies.yaml": 'hold_owners: { "*": Nobody }\n',
    "systems/alpha.yaml": "connector: stub\nroles: [crm]\nurl: {url}\ncredentials: { token: env:BENCH_TOKEN }\n",
    "systems/beta.yaml": (
        "connector: stub\nroles: [chat]\nurl: {url}\ncredentials: { token: env:BENCH_TOKEN }\n"
        "hook_secret: env:BENCH_HOOK\n"
    ),
}
EFFECTS = 5
BLOCKED = "blocked"


async def put(http: Http, _mapping: Mapping, sent: Sent) -> str:
    await http.call("POST", "/x", json=sent.record)
    return sent.id


def judge(answer: Answer) -> Verdict:
    return Fine() if answer.status == 200 else Unwell(f"status {answer.status}")


def ask(credentials: Credentials, _now: datetime) -> Token:
    return Token(headers={"Authorization": f"Bearer {credentials.secrets['token']}"})


def signed(credentials: Credentials, headers: Dict[str, str], body: bytes, _now: datetime) -> bool:
    wanted = hmac.new(credentials.secrets["hook"].encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, headers.get("x-signature", ""))


def receive(_headers: Dict[str, str], _body: bytes) -> Received:
    return Received()


STUB = Connector(
    name="stub",
    mappings=(
        Mapping(
            Message,
            resource="message",
            key="id",
            rung=Rung.UPSERT,
            rows=(Row("channel", "channel"), Row("text", "text"), Row("about", "about")),
        ),
        Mapping(Customer, resource="customer", key="id", rows=(Row("name", "name"),)),
    ),
    judge=judge,
    ask=ask,
    put=put,
    receive=receive,
    signed=signed,
)


@workflow("five-effects", on=OpportunityWon, lane=lambda won: won.opportunity)
async def five_effects(flow: Flow, won: OpportunityWon) -> None:
    """Read one settled entity, and make five things so."""
    customer = await flow.get(Customer, won.opportunity)
    channel = "#slow" if customer.name.endswith(BLOCKED) else "#bench"
    for step in range(EFFECTS):
        message = Message(
            id=MessageId(f"{customer.id}-{step}"), channel=channel, text=f"{customer.name} {step}", about=customer.id
        )
        await flow.put(message, into=Role.CHAT)


def lay_out(folder: Path, url: str) -> Path:
    """The firm's folder, pointing at a stub."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{url}", url))
    return folder
