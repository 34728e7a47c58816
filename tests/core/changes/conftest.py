"""A deal that became a contract, a plan and a project, and change orders about it."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.changes.agreement import Agreement
from throughline.core.contract_draft import billing_plan, contract
from throughline.core.entities import ApprovalState, ChangeOrder, ChangeOrderId, ChangeOrderLine, Customer, Opportunity
from throughline.core.firm import Firm
from throughline.core.money import Money
from throughline.core.project_draft import project

type Agree = Callable[..., Agreement]
EFFECTIVE = date(2026, 4, 1)


def money(amount: str | int | Decimal, currency: str = "EUR") -> Money:
    return Money.of(amount, currency)


def line(key: str, amount: str, **but: Any) -> ChangeOrderLine:
    told = {"key": key, "quantity_delta": Decimal(1 if Decimal(amount) >= 0 else 0), "amount_delta": money(amount)}
    return ChangeOrderLine.model_validate({**told, **but})


def change(*lines: ChangeOrderLine, **but: Any) -> ChangeOrder:
    """An agreed change whose amount is what its lines add up to."""
    amount = sum((each.amount_delta.amount for each in lines if each.amount_delta), Decimal(0))
    told = {
        "id": ChangeOrderId("change_order-1"),
        "name": "More rollout",
        "number": "Q-7",
        "amends": "opportunity-1",
        "state": ApprovalState.APPROVED,
        "currency": "EUR",
        "amount_delta": money(amount),
        "effective_from": EFFECTIVE,
        "lines": lines,
    }
    return ChangeOrder.model_validate({**told, **but})


@pytest.fixture(scope="session")
def agree(deal: Opportunity, customer: Customer, firm: Firm) -> Agree:
    """The deal as opportunity to project leaves it, `but` for what a test is about."""

    def agreed(billed: str = "0", **but: Any) -> Agreement:
        sold = deal.model_copy(update=but)
        return Agreement(
            deal=sold,
            customer=customer,
            contract=contract(sold, customer, firm),
            plan=billing_plan(sold, firm),
            project=project(sold, customer, firm),
            billed=money(billed),
        )

    return agreed
