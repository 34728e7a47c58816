"""The core does no I/O: nothing here may open a socket. And a firm, a customer and a deal to try decisions on."""

import socket
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.entities import (
    BillingFrequency,
    BillingMethod,
    CommercialModel,
    Customer,
    CustomerId,
    Opportunity,
    OpportunityId,
    OpportunityLine,
    RevenueTreatment,
    Stage,
)
from throughline.core.firm import Firm
from throughline.core.money import Money
from throughline.demo import FIRM
from throughline.hub.firm import load


class Closed(socket.socket):
    """Refuses to come into being; only the pair an event loop wakes itself with is let through, already open."""

    def __init__(self, *args: Any, fileno: int | None = None, **options: Any) -> None:
        if fileno is None and len(args) < 4:
            raise RuntimeError("a test of the core opened a socket: the core does no I/O")
        super().__init__(*args, fileno=fileno, **options) if fileno is not None else super().__init__(*args, **options)


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", Closed)


@pytest.fixture(scope="session")
def firm() -> Firm:
    return load(FIRM)


@pytest.fixture(scope="session")
def customer() -> Customer:
    return Customer(id=CustomerId("customer-1"), name="Ostwald Chemie GmbH", country="DE", tax_id="DE811907906")


@pytest.fixture(scope="session")
def deal() -> Opportunity:
    """A won deal with nothing missing: a fixed fee of 60,000 EUR, billed quarterly over six months."""
    return Opportunity(
        id=OpportunityId("opportunity-1"),
        name="Plant rollout",
        customer=CustomerId("customer-1"),
        stage=Stage.WON,
        amount=Money.of(60000, "EUR"),
        currency="EUR",
        commercial_model=CommercialModel.FIXED_FEE,
        billing_method=BillingMethod.ON_SCHEDULE,
        billing_frequency=BillingFrequency.QUARTERLY,
        project_manager="pm.de@halyard.example",
        legal_entity="DE",
        revenue_treatment=RevenueTreatment.OVER_TIME,
        service_line="Implementation",
        starts=date(2026, 2, 1),
        ends=date(2026, 7, 31),
        purchase_order="PO-1",
        lines=(
            OpportunityLine(
                key="1",
                product="IMP-FIX",
                quantity=Decimal(4),
                unit_price=Money.of(15000, "EUR"),
                amount=Money.of(60000, "EUR"),
            ),
        ),
    )
