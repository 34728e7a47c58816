"""Many invoices in one job of NetSuite: good rows land once, bad rows say why."""

from datetime import date
from typing import Any

import pytest

from throughline.core.connector import Outcome, Sent
from throughline.core.entities import Customer, CustomerId, Invoice
from throughline.core.errors import Retry, Unknown

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARCH = date(2026, 3, 31)


def invoice(number: int, day: date = date(2026, 11, 20)) -> Invoice:
    price = {"amount": "100.10", "currency": "GBP"}
    line = {"key": "1", "quantity": 1, "unit_price": price, "amount": price, "item": "SVC-TM", "tax_code": "GB-S20"}
    told = {"id": f"invoice-{number}", "customer": "customer-1", "legal_entity": "UK", "currency": "GBP",
            "state": "approved", "issued_on": day, "lines": (line,)}  # fmt: skip
    return Invoice.model_validate(told)


def sent(erp: Any, invoice: Invoice) -> Sent:
    whole = invoice.model_dump(mode="json", exclude_none=True)
    mapping = erp.mapping("invoice")
    fields = {name: value for name, value in whole.items() if name in mapping.writable()}
    record = mapping.write(fields, names=erp.names, around=whole)
    return Sent(record=record, id=invoice.id, key=None, marker=invoice.id)


async def put_many(erp: Any, *invoices: Invoice, key: str = "run-1") -> list[Outcome]:
    """Until NetSuite is done, as often as it says it is not."""
    await erp.put(Customer(id=CustomerId("customer-1"), name="Ostwald UK Ltd", legal_entity="UK", currency="GBP"))
    many = [sent(erp, each) for each in invoices]
    for _ in range(200):
        try:
            return await erp.connector.put_many(erp.http, erp.mapping("invoice"), many, key)
        except Unknown:
            raise
        except Retry:
            erp.advance(60)
    raise AssertionError("the job is never done")


def jobs(erp: Any) -> int:
    return len(erp.kept("asyncJob"))


async def test_good_rows_land_and_each_bad_one_says_why(erp: Any) -> None:
    outcomes = await put_many(erp, invoice(1), invoice(2, MARCH), invoice(3))

    there = {record["externalId"]: key for key, record in erp.kept("invoice").items()}
    assert [outcome.key for outcome in outcomes] == [there["invoice-1"], None, there["invoice-3"]]
    assert [outcome.id for outcome in outcomes] == ["invoice-1", "invoice-2", "invoice-3"]
    assert "closed or locked period (Mar 2026)" in (outcomes[1].refused or "")
    assert set(there) == {"invoice-1", "invoice-3"}


async def test_more_than_a_hundred_are_several_jobs(erp: Any) -> None:
    outcomes = await put_many(erp, *(invoice(number) for number in range(101)))

    assert jobs(erp) == 2
    assert [outcome.id for outcome in outcomes] == [f"invoice-{number}" for number in range(101)]
    assert {outcome.key for outcome in outcomes} == set(erp.kept("invoice"))


async def test_asked_again_with_the_same_key_nothing_is_done_and_the_same_is_told(erp: Any) -> None:
    first = await put_many(erp, invoice(1), invoice(2, MARCH))
    second = await put_many(erp, invoice(1), invoice(2, MARCH))

    assert second == first
    assert jobs(erp) == 1


async def test_a_job_whose_answer_was_lost_is_found_by_its_key(erp: Any) -> None:
    await erp.fault("error_after", method="PUT", path="/record/v1/invoice", times=1)

    with pytest.raises(Unknown):
        await put_many(erp, invoice(1))
    erp.advance(120)
    (outcome,) = await put_many(erp, invoice(1))

    assert list(erp.kept("invoice")) == [outcome.key]
    assert jobs(erp) == 1


async def test_a_row_corrected_lands_under_a_new_key_and_the_others_stay_one(erp: Any) -> None:
    await put_many(erp, invoice(1), invoice(2, MARCH))

    outcomes = await put_many(erp, invoice(1), invoice(2), key="run-2")

    assert {outcome.key for outcome in outcomes} == set(erp.kept("invoice"))
    assert [record["total"] for record in erp.kept("invoice").values()] == ["120.12", "120.12"]


async def test_a_known_record_is_not_put_in_bulk(erp: Any) -> None:
    known = Sent(record={}, id="invoice-1", key="77", marker="invoice-1")

    with pytest.raises(ValueError, match="only new records"):
        await erp.connector.put_many(erp.http, erp.mapping("invoice"), [known], "run-1")
