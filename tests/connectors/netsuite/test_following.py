"""What came of a contract and of an invoice, found in NetSuite by what it was made from."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.entities import Contract, CreditMemo, Customer, CustomerId, Invoice
from throughline.core.money import Money

pytestmark = pytest.mark.asyncio(loop_scope="module")

GBP = {"currency": "GBP", "legal_entity": "UK", "customer": "customer-1"}
DAY = date(2026, 11, 19)


def line(amount: str) -> dict[str, Any]:
    money = Money.of(amount, "GBP")
    told = {"key": "1", "quantity": Decimal(1), "unit_price": money, "amount": money, "item": "SVC-TM"}
    return {**told, "tax_code": "GB-S20", "cost_centre": "Analytics UK"}


def contract(number: int) -> Contract:
    terms = {"commercial_model": "time_and_materials", "billing_method": "on_approved_time", "starts": DAY}
    told = {**GBP, **terms, "revenue_treatment": "as_invoiced", "value": Money.of("500", "GBP")}
    lines = [{**line("500"), "commercial_model": "time_and_materials"}]
    return Contract.model_validate({**told, "id": f"contract-{number}", "name": "Work", "lines": lines})


def invoice(number: int, of: int) -> Invoice:
    told = {**GBP, "contract": f"contract-{of}", "state": "approved", "issued_on": DAY, "lines": (line("100"),)}
    return Invoice.model_validate({**told, "id": f"invoice-{number}"})


async def books(erp: Any) -> dict[str, str]:
    """Two contracts; three invoices, two of them of the first; a credit of one. Their keys by our ids."""
    customer = Customer(id=CustomerId("customer-1"), name="Ostwald UK Ltd", legal_entity="UK", currency="GBP")
    credit = {**GBP, "id": "credit_memo-1", "invoice": "invoice-1", "issued_on": DAY, "total": Money.of(40, "GBP")}
    memo = CreditMemo.model_validate({**credit, "lines": (line("40"),)})
    made = (customer, contract(1), contract(2), invoice(1, 1), invoice(2, 1), invoice(3, 2), memo)
    return {each.id: await erp.put(each) for each in made}


async def test_the_invoices_of_a_contract_are_found_and_no_others(erp: Any) -> None:
    keys = await books(erp)

    found = await erp.find("invoice", fields={"contract": "contract-1"})

    assert {each["id"] for each in found} == {keys["invoice-1"], keys["invoice-2"]}
    assert {erp.read("invoice", each).fields["net"]["amount"] for each in found} == {"100.00"}


async def test_the_credit_memos_of_an_invoice_are_found(erp: Any) -> None:
    keys = await books(erp)

    (found,) = await erp.find("credit_memo", fields={"invoice": "invoice-1"})

    assert str(found["id"]) == keys["credit_memo-1"]
    assert await erp.find("credit_memo", fields={"invoice": "invoice-2"}) == []


async def test_a_name_with_a_quote_in_it_finds_nothing_and_breaks_nothing(erp: Any) -> None:
    assert await erp.find("invoice", fields={"contract": "contract-'1"}) == []
