"""The firm of a life: four systems that offer all five rungs, and two processes that use them."""

import json
from collections.abc import AsyncIterator
from collections.abc import Mapping as Dict
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tests.simulation.weather import KEY_WINDOW_SECONDS, LATEST_APPLY_SECONDS, LONGEST_LAG_SECONDS
from throughline.core.connector import (
    Absent,
    Answer,
    Connector,
    Credentials,
    Fine,
    Http,
    Notice,
    Page,
    Received,
    Refused,
    Sent,
    Throttled,
    Token,
    Unwell,
    Verdict,
    Where,
)
from throughline.core.entities import Booking, Customer, Invoice, Message, Milestone, Opportunity, Project
from throughline.core.events import CustomerRenamed, OpportunityWon
from throughline.core.forms import Amount, Fixed, Record, Ref
from throughline.core.mapping import Mapping, Row, Rung
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow

# Longer than a call may last, a request be under way, and a search lag behind; see `weather.py`.
SETTLE_SECONDS = 44
DESKS = 2
SYSTEMS = {"north": Role.CRM, "south": Role.ERP, "east": Role.PSA, "west": Role.CHAT}
# What each won deal becomes, where, and on which rung.
MADE = {"milestones": "B", "invoices": "C", "projects": "C", "bookings": "D", "messages": "E"}

PAID, BILLED = Row("amount", "amount", Amount("currency")), Row("total", "total", Amount("currency"))
IN_DOLLARS = Row("", "currency", Fixed("USD"))

FILES = {
    "firm.yaml": (
        "name: Small Firm\nreporting_currency: USD\nservice_lines: [Advisory]\nlegal_entities:\n"
        "  - { code: US, name: Small Firm Inc., country: US, currency: USD, timezone: America/New_York,"
        " holidays: US }\n"
    ),
    **{
        f"systems/{name}.yaml": (
            f"connector: {name}\nroles: [{role}]\nurl: https://{name}.example\npoll_seconds: 40\ncredentials: {{}}\n"
            # Places are taken and given back, a statement each: two systems are enough to see that.
            f"limits: {{ per_second: 20, burst: 20{', concurrency: 4' if name in {'south', 'east'} else ''} }}\n"
        )
        for name, role in SYSTEMS.items()
    },
    "ownership.yaml": (
        'customer: { "*": crm }\nopportunity: { "*": crm }\nproject: { "*": hub }\nmessage: { "*": hub }\n'
        'invoice: { "*": hub }\nbooking: { "*": hub }\nmilestone: { "*": hub }\n'
    ),
    "policies.yaml": 'hold_owners: { "*": Operations }\n',
}


def desk(won: OpportunityWon) -> str:
    """Several deals share a lane, so that there is an order to keep."""
    return f"desk-{int(won.opportunity.rpartition('-')[2]) % DESKS}"


@workflow("deal-to-delivery", on=OpportunityWon, lane=desk)
async def deal_to_delivery(flow: Flow, won: OpportunityWon) -> None:
    deal = await flow.get(Opportunity, won.opportunity)
    about: dict[str, Any] = {"customer": deal.customer, "opportunity": deal.id}
    named = deal.id.rpartition("-")[2]
    async with flow.part("finance", amount=deal.amount):
        bill = {"id": f"invoice-{named}", "currency": "USD", "state": "draft", "total": deal.amount, "memo": deal.name}
        await flow.put(Invoice.model_validate({**bill, "customer": deal.customer}), into=Role.ERP)
        booked = {"id": f"booking-{named}", "reason": "new", "booked_on": "2026-11-20", "amount": deal.amount}
        await flow.put(Booking.model_validate({**booked, **about}), into=Role.ERP)
    async with flow.part("delivery", amount=deal.amount):
        opened = {"id": f"project-{named}", "name": deal.name, "currency": "USD"}
        await flow.put(Project.model_validate({**opened, "customer": deal.customer}), into=Role.PSA)
        first = {"id": f"milestone-{named}", "name": deal.name, "project": opened["id"]}
        await flow.put(Milestone.model_validate(first), into=Role.PSA)
        notice = {"id": f"message-{named}", "channel": "won", "text": deal.name}
        await flow.put(Message.model_validate(notice), into=Role.CHAT)


def by_customer(renamed: CustomerRenamed) -> str:
    return renamed.customer


@workflow("customer-to-ledger", on=CustomerRenamed, lane=by_customer)
async def customer_to_ledger(flow: Flow, renamed: CustomerRenamed) -> None:
    await flow.put(await flow.get(Customer, renamed.customer), into=Role.ERP)


WORKFLOWS = (deal_to_delivery, customer_to_ledger)


def judge(answer: Answer) -> Verdict:
    match answer.status:
        case 404:
            return Absent("not there")
        case 429:
            return Throttled(timedelta(seconds=int(answer.headers["retry-after"])))
        case 503:
            return Unwell("closed for a while", nothing_happened=True)
        case status if status >= 500:
            return Unwell(f"status {status}")
        case status if status >= 400:
            return Refused(f"status {status}")
        case _:
            return Fine()


async def changes(http: Http, mapping: Mapping, since: str | None) -> AsyncIterator[Page]:
    for number in count():
        params = {"page": str(number), **({"since": since} if since else {})}
        body = (await http.call("GET", f"/{mapping.resource}", params=params)).body
        yield Page(body["items"], max((record["changed"] for record in body["items"]), default=None))
        if not body["more"]:
            return


async def find(http: Http, mapping: Mapping, where: Where) -> list[Record]:
    if where.key:
        answer = await http.call("GET", f"/{mapping.resource}/{where.key}")
        return [answer.body] if answer.status == 200 else []
    # A booking has no place for a mark; it is known by the deal it is for.
    asked = {"mark": where.marker} if where.marker else {"opportunity": str(where.fields.get("opportunity", ""))}
    return (await http.call("GET", f"/{mapping.resource}", params=asked)).body["items"]


async def put(http: Http, mapping: Mapping, sent: Sent) -> str:
    if sent.key:
        await http.call("PATCH", f"/{mapping.resource}/{sent.key}", json=sent.record)
        return sent.key
    if mapping.rung is Rung.UPSERT:
        return (await http.call("PUT", f"/{mapping.resource}/ours/{sent.id}", json=sent.record)).body["id"]
    record = {**sent.record, **({"mark": sent.marker} if mapping.id_field == "mark" else {})}
    headers = {"Idempotency-Key": sent.idempotency_key} if sent.idempotency_key else {}
    return (await http.call("POST", f"/{mapping.resource}", json=record, headers=headers)).body["id"]


def receive(_headers: Any, body: bytes) -> Received:
    heard = json.loads(body)
    return Received((Notice(heard["id"], heard["kind"], heard["key"], heard.get("record")),))


def signed(_credentials: Credentials, _headers: Dict[str, str], _body: bytes, _now: datetime) -> bool:
    """Signatures are asked of elsewhere; here the door is open."""
    return True


def ask(_credentials: Credentials, _now: datetime) -> Token:
    return Token({})


def _mapping(entity: Any, resource: str, *fields: str, rung: Rung = Rung.UPSERT, more: tuple[Row, ...] = ()
             ) -> Mapping:  # fmt: skip
    ours = {Rung.MARKER: "mark", Rung.IDEMPOTENCY_KEY: "mark", Rung.UPSERT: "ours"}.get(rung)
    rows = (*(Row(name, name) for name in fields), *more)
    known_by = ("opportunity",) if rung is Rung.NATURAL_KEY else ()
    return Mapping(
        entity, resource, "id", rows, changed="changed", id_field=ours, rung=rung, settle_seconds=SETTLE_SECONDS,
        late_seconds=LATEST_APPLY_SECONDS, lag_seconds=LONGEST_LAG_SECONDS, natural_key=known_by,
        key_window_seconds=KEY_WINDOW_SECONDS if rung is Rung.IDEMPOTENCY_KEY else None, after_window=Rung.MARKER,
    )  # fmt: skip


def connectors(*, settle_seconds: float = SETTLE_SECONDS) -> dict[str, Connector]:
    shared: dict[str, Any] = {"judge": judge, "ask": ask}
    kept = {
        "north": (
            _mapping(Customer, "customers", "name", "phone"),
            _mapping(Opportunity, "deals", "name", "stage", more=(PAID, Row("customer", "customer", Ref("customer")))),
        ),
        "south": (
            _mapping(Customer, "customers", "name", "phone"),
            _mapping(Invoice, "invoices", "customer", "currency", "state", "memo", rung=Rung.MARKER, more=(BILLED,)),
            _mapping(Booking, "bookings", "opportunity", rung=Rung.NATURAL_KEY, more=(PAID, IN_DOLLARS)),
        ),
        "east": (
            _mapping(Project, "projects", "name", "customer", rung=Rung.MARKER),
            _mapping(Milestone, "milestones", "name", rung=Rung.IDEMPOTENCY_KEY),
        ),
        "west": (_mapping(Message, "messages", "channel", "text", rung=Rung.NOTHING),),
    }
    able: dict[str, dict[str, Any]] = {
        "north": {"changes": changes, "find": find, "receive": receive, "signed": signed},
        "south": {"find": find, "put": put},
        "east": {"find": find, "put": put},
        "west": {"put": put},
    }
    return {
        name: Connector(
            name=name, mappings=tuple(replace(each, settle_seconds=settle_seconds) for each in kept[name]), **shared,
            **able[name],
        )
        for name in SYSTEMS
    }  # fmt: skip
