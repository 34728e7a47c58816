"""Whatever somebody has at hand leads to the engagement."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from throughline.core.entities import KINDS
from throughline.hub import search
from throughline.store.search import SOUGHT

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EUR = "EUR"

THINGS = {
    "customer-1": {"name": "Halden Energy AS", "tax_id": "NO 999 888 777"},
    "contact-1": {"first_name": "Ida", "last_name": "Berg", "email": "ida.berg@nordic.example",
                  "customer": "customer-1"},
    "opportunity-1": {
        "name": "Halden grid rollout", "customer": "customer-1", "stage": "won", "purchase_order": "PO-7731",
        "amount": {"amount": "486000", "currency": EUR},
    },
    "opportunity-2": {"name": "Halden second phase", "customer": "customer-1", "stage": "negotiation"},
    "contract-1": {
        "name": "Grid rollout", "opportunity": "opportunity-1", "value": {"amount": "486000.00", "currency": EUR},
    },
    "project-1": {"name": "Rollout", "opportunity": "opportunity-1", "code": "HAL-GRID-01"},
    "invoice-1": {
        "number": "INV-88117", "contract": "contract-1", "total": {"amount": "74256.00", "currency": EUR},
        "net": {"amount": "62400.00", "currency": EUR},
    },
    "credit_memo-1": {"number": "CM-12", "invoice": "invoice-1", "total": {"amount": "10.00", "currency": EUR}},
    "payment-1": {
        "reference": "CAMT-1118", "amount": {"amount": "46400.5", "currency": EUR},
        "applications": [{"invoice": "invoice-1", "amount": {"amount": "46400.5", "currency": EUR}}],
    },
    "change_order-1": {"name": "More scope", "number": "CO-3", "amends": "opportunity-1"},
    "time_entry-1": {"name": "Halden by the hour", "project": "project-1"},
}  # fmt: skip


@pytest.fixture
async def known(opened: Any) -> Any:
    """One deal from opportunity to cash, and what hangs on it."""
    world = await opened()
    for id_, fields in THINGS.items():
        await world.pool.execute(
            """insert into entities (id, kind, version, fields, unread, provenance, updated_at)
               values ($1, $2, 1, $3, '{}', '{}', $4)""",
            id_, id_.partition("-")[0], fields, NOON,
        )  # fmt: skip
    await world.pool.execute(
        """insert into runs (id, workflow, lane, event_type, event, subject, state, parts, reads, attempt, passes,
                             correlation, created_at, updated_at)
           values ('run-1', 'w', 'l', 'OpportunityWon', '{"opportunity": "opportunity-1"}', 'opportunity-1', 'held',
                   '[]', '{}', 0, 1, 'opportunity-1', $1, $1)""",
        NOON,
    )
    await world.pool.execute(
        """insert into links (system, kind, key, entity, sent, at)
           values ('south', 'invoice', '9041', 'invoice-1', '{}', $1)""",
        NOON,
    )
    return world


@pytest.mark.parametrize(
    ("said", "by"),
    [
        ("9041", "Invoice INV-88117, 9041"),
        ("invoice-1", "Invoice INV-88117, invoice-1"),
        ("INV-88117", "Invoice INV-88117"),
        ("inv 88117", "Invoice INV-88117"),
        ("88117", "Invoice INV-88117"),
        ("PO-7731", "Opportunity Halden grid rollout"),
        ("grid rollout", "Contract Grid rollout"),
        ("HAL-GRID-01", "Project Rollout"),
        ("CAMT-1118", "Payment CAMT-1118"),
        ("CM-12", "Credit memo CM-12"),
        ("CO-3", "Change order CO-3"),
        ("ida.berg@nordic.example", "Contact Ida Berg"),
        ("999888777", ""),
        ("62,400.00", "Invoice INV-88117, 62,400.00 EUR"),
        ("46400,50", "Payment CAMT-1118, 46,400.50 EUR"),
        ("€ 74.256,00", "Invoice INV-88117, 74,256.00 EUR"),
        ("run-1", "run-1"),
    ],
)
async def test_anything_leads_to_its_engagement(known: Any, said: str, by: str) -> None:
    found = [each for each in await search.anything(known.machine, said) if each.engagement]

    assert [(each.engagement, each.by) for each in found] == ([("opportunity-1", by)] if by else [])


async def test_the_beginning_of_a_name_is_enough_and_what_has_no_deal_is_said_so(known: Any) -> None:
    found = await search.anything(known.machine, "hald")

    assert [(each.engagement, each.kind) for each in found] == [("opportunity-1", "customer"), (None, "opportunity")]
    assert (found[0].name, found[0].customer, found[0].amount) == (
        "Halden grid rollout", "Halden Energy AS", {"amount": "486000", "currency": EUR},
    )  # fmt: skip
    assert (found[1].name, found[1].state) == ("Halden second phase", "no deal yet")


async def test_nothing_that_is_typed_is_an_error(known: Any) -> None:
    for said in (
        "",
        "   ",
        "'",
        "\\",
        "a & b | !c :*",
        "<script>",
        "%",
        "x" * 5000,
        "\u0000",
        "0",
        "-",
        "(",
        "é" * 300,
    ):
        assert await search.anything(known.machine, said) == (), said


async def test_a_name_that_is_endless_or_an_amount_that_is_none_stops_nothing_from_being_kept(known: Any) -> None:
    fields = {"name": "y" * 100_000 + " " + "z " * 100_000, "number": None, "amount": {"amount": "NaN"}}

    await known.pool.execute("update entities set fields = $1 where id = 'invoice-1'", fields)

    assert await search.anything(known.machine, "y" * 60)


async def test_a_customer_of_many_deals_lists_the_newest(known: Any) -> None:
    await known.pool.execute(
        """with numbers as (select generate_series(10, 40) as n), deals as (
             insert into entities (id, kind, version, fields, unread, provenance, updated_at)
             select 'opportunity-' || n, 'opportunity', 1, '{"customer": "customer-1"}', '{}', '{}', $1
             from numbers)
           insert into runs (id, workflow, lane, event_type, event, subject, state, parts, reads, attempt, passes,
                             correlation, created_at, updated_at)
           select 'run-' || n, 'w', 'l', 'OpportunityWon', '{}', 'opportunity-' || n, 'done', '[]', '{}', 0, 1,
                  'opportunity-' || n, $1, $1 from numbers""",
        NOON,
    )

    found = await search.anything(known.machine, "halden energy", limit=5)

    assert [each.engagement for each in found] == [f"opportunity-{n}" for n in range(40, 35, -1)]


def test_what_is_on_the_index_is_what_is_asked_for() -> None:
    text = (Path(search.__file__).parents[1] / "store" / "migrations" / "0039_search_and_audit.sql").read_text()
    kinds = json.loads("[" + text.rpartition("kind in (")[2].partition(")")[0].replace("'", '"') + "]")

    assert tuple(kinds) == SOUGHT
    assert set(SOUGHT) <= set(KINDS)


@pytest.mark.parametrize(
    ("statement", "arguments"),
    [("by_words", ("halden grid",)), ("by_amount", ([1200],)), ("by_id", (["9041"],)), ("leading", (["customer-1"],))],
)
async def test_each_question_stays_on_an_index(known: Any, statement: str, arguments: tuple[Any]) -> None:
    asked: list[tuple[str, tuple[Any, ...]]] = []

    class Explaining:
        async def fetch(self, query: str, *args: Any) -> list[Any]:
            asked.append((query, args))
            return []

    limit = {"each": 20} if statement == "leading" else {"limit": 20}
    await getattr(search.search, statement)(Explaining(), *arguments, **limit)
    ((query, args),) = asked
    plan = "\n".join(row[0] for row in await known.pool.fetch(f"explain {query}", *args))

    assert "Seq Scan" not in plan, plan
    if statement in {"by_words", "by_amount"}:
        assert "entities_sought_by" in plan
