"""Contracts, amendments and renewals, as the CPQ package keeps them."""

from decimal import Decimal
from typing import Any

import pytest

from throughline.sandbox.clock import SandboxClock

LINES = [
    {"product": "ADV-DAY", "quantity": 40, "unit_price": 1000, "role": "Consultant"},
    {"product": "ADV-DAY", "quantity": 8, "unit_price": 1200, "role": "Architect"},
]
QUOTE = (
    "SELECT SBQQ__Type__c, SBQQ__Status__c, SBQQ__NetAmount__c, SBQQ__Uncalculated__c, SBQQ__MasterContract__c,"
    " SBQQ__MasterContract__r.SBQQ__Opportunity__c, SBQQ__EndDate__c,"
    " (SELECT SBQQ__Quantity__c, SBQQ__PriorQuantity__c, SBQQ__EffectiveQuantity__c, SBQQ__NetTotal__c,"
    " SBQQ__UpgradedSubscription__r.SBQQ__QuoteLine__c FROM SBQQ__LineItems__r ORDER BY Id)"
    " FROM SBQQ__Quote__c WHERE Id = '{}'"
)


async def sold(api: Any, **but: Any) -> str:
    given = {"contract_type": "Time and Materials", "lines": LINES, "start_date": "2026-04-01"} | but
    return (await api.control("deals", **given))["opportunity_id"]


async def quoted(api: Any, clock: SandboxClock, id_: str) -> dict[str, Any]:
    clock.advance(3)
    (quote,) = await api.records(QUOTE.format(id_))
    return quote


def lines_of(quote: dict[str, Any]) -> list[tuple[float, float | None, float, float]]:
    names = ("SBQQ__Quantity__c", "SBQQ__PriorQuantity__c", "SBQQ__EffectiveQuantity__c", "SBQQ__NetTotal__c")
    return [tuple(line[name] for name in names) for line in quote["SBQQ__LineItems__r"]["records"]]  # pyright: ignore[reportReturnType] - a record is Any


async def test_the_objects_are_described_as_the_package_names_them(api: Any) -> None:
    _, quote = await api.call("GET", "sobjects/SBQQ__Quote__c/describe")
    _, opportunity = await api.call("GET", "sobjects/Opportunity/describe")

    assert quote["custom"]
    types = {each["name"]: each["type"] for each in quote["fields"]}
    assert (types["SBQQ__NetAmount__c"], types["SBQQ__MasterContract__c"]) == ("currency", "reference")
    assert {"SBQQ__LineItems__r"} <= {each["relationshipName"] for each in quote["childRelationships"]}
    assert {"SBQQ__AmendedContract__c", "SBQQ__Renewal__c"} <= {each["name"] for each in opportunity["fields"]}


async def test_a_deal_has_a_quote_and_its_lines_know_where_they_were_quoted(api: Any, clock: SandboxClock) -> None:
    opportunity = await sold(api)

    soql = f"SELECT SBQQ__QuoteLine__r.SBQQ__Quote__c FROM OpportunityLineItem WHERE OpportunityId = '{opportunity}'"
    quotes = {line["SBQQ__QuoteLine__r"]["SBQQ__Quote__c"] for line in await api.records(soql)}
    quote = await quoted(api, clock, quotes.pop())
    assert quotes == set()
    assert (quote["SBQQ__Type__c"], quote["SBQQ__NetAmount__c"]) == ("Quote", 49_600)


async def test_the_amount_of_a_quote_is_zero_until_the_package_has_calculated_it(api: Any, clock: SandboxClock) -> None:
    amendment = await api.control("amendments", opportunity=await sold(api), lines=[{"line": 1, "quantity": 50}])

    (before,) = await api.records(QUOTE.format(amendment["quote_id"]))
    after = await quoted(api, clock, amendment["quote_id"])

    assert (before["SBQQ__NetAmount__c"], before["SBQQ__Uncalculated__c"]) == (0, True)
    assert (after["SBQQ__NetAmount__c"], after["SBQQ__Uncalculated__c"]) == (10_000, False)


async def test_an_amendment_names_what_was_there_and_what_is_to_hold(api: Any, clock: SandboxClock) -> None:
    opportunity = await sold(api)

    amendment = await api.control(
        "amendments",
        opportunity=opportunity,
        lines=[
            {"line": 1, "quantity": 50},
            {"line": 2, "remove": True},
            {"product": "ANA-DAY", "quantity": 5, "unit_price": 900, "role": "Analyst"},
        ],
        end_date="2026-12-31",
    )

    quote = await quoted(api, clock, amendment["quote_id"])
    assert quote["SBQQ__MasterContract__r"]["SBQQ__Opportunity__c"] == opportunity
    assert lines_of(quote) == [(50, 40, 10, 10_000), (0, 8, -8, -9600), (5, None, 5, 4500)]
    assert (quote["SBQQ__NetAmount__c"], quote["SBQQ__EndDate__c"]) == (4900, "2026-12-31")
    deal = await api.read("Opportunity", amendment["opportunity_id"])
    assert (deal["SBQQ__AmendedContract__c"], deal["Amount"]) == (quote["SBQQ__MasterContract__c"], 4900)
    assert not deal["IsClosed"]


async def test_an_accepted_amendment_is_what_the_next_one_starts_from(api: Any, clock: SandboxClock) -> None:
    opportunity = await sold(api)
    first = await api.control("amendments", opportunity=opportunity, lines=[{"line": 1, "quantity": 50}])
    await api.control("decisions", quote=first["quote_id"], accepted=True)

    second = await api.control("amendments", opportunity=opportunity, lines=[{"line": 1, "quantity": 45}])

    quote = await quoted(api, clock, second["quote_id"])
    assert lines_of(quote) == [(45, 50, -5, -5000), (8, 8, 0, 0)]
    won = await api.read("Opportunity", first["opportunity_id"])
    assert won["IsWon"]


async def test_a_rejected_amendment_changes_nothing(api: Any, clock: SandboxClock) -> None:
    opportunity = await sold(api)
    first = await api.control("amendments", opportunity=opportunity, lines=[{"line": 1, "quantity": 50}])

    told = await api.control("decisions", quote=first["quote_id"], accepted=False)

    second = await api.control("amendments", opportunity=opportunity, lines=[])
    assert told["stage"] == "Closed Lost"
    assert lines_of(await quoted(api, clock, second["quote_id"])) == [(40, 40, 0, 0), (8, 8, 0, 0)]


async def test_a_cancellation_takes_back_every_line(api: Any, clock: SandboxClock) -> None:
    amendment = await api.control("amendments", opportunity=await sold(api), cancel=True, effective="2026-06-01")

    quote = await quoted(api, clock, amendment["quote_id"])

    assert lines_of(quote) == [(0, 40, -40, -40_000), (0, 8, -8, -9600)]
    assert amendment["amount"] == -49_600


async def test_a_renewal_begins_behind_the_contract_with_what_it_holds_now(api: Any, clock: SandboxClock) -> None:
    opportunity = await sold(api)
    change = await api.control("amendments", opportunity=opportunity, lines=[{"line": 2, "remove": True}])
    await api.control("decisions", quote=change["quote_id"])

    renewal = await api.control("renewals", opportunity=opportunity, months=6, uplift_percent="2.5")

    deal = await api.read("Opportunity", renewal["opportunity_id"])
    assert (deal["SBQQ__Renewal__c"], deal["SBQQ__RenewedContract__c"]) == (True, renewal["contract_id"])
    assert (deal["Start_Date__c"], deal["End_Date__c"]) == ("2026-10-01", "2027-03-31")
    assert (deal["Amount"], deal["AccountId"] is not None) == (41_000, True)
    quote = await quoted(api, clock, renewal["quote_id"])
    assert (quote["SBQQ__Type__c"], Decimal(str(quote["SBQQ__NetAmount__c"]))) == ("Renewal", 41_000)


@pytest.mark.parametrize(
    ("what", "spec", "words"),
    [
        ("amendments", {"opportunity": "nothing"}, "give the id of a won deal"),
        ("amendments", {"colour": "blue"}, "an amendment has no colour"),
        ("renewals", {"colour": "blue"}, "a renewal has no colour"),
        ("decisions", {"quote": "nothing"}, "changes or renews no contract"),
    ],
)
async def test_what_cannot_be_done_to_a_contract_is_refused_with_the_reason(
    api: Any, what: str, spec: dict[str, Any], words: str
) -> None:
    status, body = await api.call("POST", f"/__sandbox__/{what}", spec)

    assert (status, words in body["error"]) == (422, True)


async def test_a_deal_that_is_not_won_has_no_contract_to_change(api: Any) -> None:
    opportunity = await sold(api, stage="Negotiation/Review")

    status, body = await api.call("POST", "/__sandbox__/amendments", {"opportunity": opportunity})

    assert (status, "is not won" in body["error"]) == (422, True)


async def test_a_line_the_contract_does_not_have_cannot_be_changed(api: Any) -> None:
    body = {"opportunity": await sold(api), "lines": [{"line": 3, "quantity": 1}]}

    status, answer = await api.call("POST", "/__sandbox__/amendments", body)

    assert (status, "has no line 3" in answer["error"]) == (422, True)
    assert await api.records("SELECT Id FROM SBQQ__Quote__c WHERE SBQQ__Type__c = 'Amendment'") == []
