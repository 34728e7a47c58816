"""A small book: one time and materials project in Germany, its people, its periods, and lines to judge by it."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.billing.book import Book
from throughline.core.entities import (
    Approval,
    ApprovalState,
    Assignment,
    AssignmentId,
    BillingItem,
    BillingItemId,
    BillingItemState,
    BillingMethod,
    BillingSource,
    CommercialModel,
    Contract,
    ContractId,
    ContractState,
    Customer,
    CustomerId,
    Entity,
    Expense,
    ExpenseId,
    FiscalPeriod,
    FiscalPeriodId,
    FxRate,
    FxRateId,
    PeriodState,
    Project,
    ProjectId,
    Resource,
    ResourceId,
    RevenueTreatment,
    Task,
    TaskId,
    TaskKind,
    TimeEntry,
    TimeEntryId,
    Unit,
)
from throughline.core.firm import Firm
from throughline.core.money import Money
from throughline.core.rows import RateRow
from throughline.core.tables import Place, Row, Table

APPROVED = Approval(state=ApprovalState.APPROVED, by="pm.de@halyard.example", at=datetime(2026, 11, 16, 9, tzinfo=UTC))
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))
MONTHS = {
    "2026-10": (date(2026, 10, 1), date(2026, 10, 31), PeriodState.CLOSED),
    "2026-11": (*NOVEMBER, PeriodState.OPEN),
    "2026-12": (date(2026, 12, 1), date(2026, 12, 31), PeriodState.FUTURE),
}
ANNA, BORIS = ResourceId("anna"), ResourceId("boris")
PLANT, CHEMIE = ProjectId("plant"), CustomerId("chemie")

type Changed = dict[str, dict[str, Any]]


def entities() -> list[Entity]:
    return [
        Customer(id=CHEMIE, name="Ostwald Chemie GmbH", country="DE", tax_id="DE811907906"),
        Contract(
            id=ContractId("frame"), name="Frame contract", customer=CHEMIE, legal_entity="DE", currency="EUR",
            commercial_model=CommercialModel.TIME_AND_MATERIALS, billing_method=BillingMethod.ON_APPROVED_TIME,
            revenue_treatment=RevenueTreatment.AS_INVOICED, state=ContractState.ACTIVE, starts=date(2026, 1, 1),
            ends=date(2026, 12, 31), value=Money.of(100000, "EUR"), cost_centre="Advisory DE",
        ),
        Project(
            id=PLANT, name="Plant rollout", code="P-1", customer=CHEMIE, contract=ContractId("frame"),
            legal_entity="DE", service_line="Advisory", currency="EUR", rate_card="Standard EUR",
        ),
        Task(id=TaskId("build"), project=PLANT, title="Build", task_kind=TaskKind.TASK, position=1, billable=True),
        Task(id=TaskId("travel"), project=PLANT, title="Travel", task_kind=TaskKind.TASK, position=2, billable=False),
        Task(id=TaskId("other"), project=ProjectId("x"), title="X", task_kind=TaskKind.TASK, position=1, billable=True),
        Resource(id=ANNA, name="Anna", email="anna@halyard.example", role="Consultant", region="DACH",
                 legal_entity="DE"),
        Resource(id=BORIS, name="Boris", role="Partner", legal_entity="UK"),
        Assignment(id=AssignmentId("a1"), project=PLANT, resource=ANNA, starts=date(2026, 1, 1)),
        Assignment(id=AssignmentId("a2"), project=PLANT, resource=BORIS, task=TaskId("build")),
        *(
            FiscalPeriod(id=FiscalPeriodId(f"{code}-{name}"), name=name, legal_entity=code, starts=first, ends=last,
                         state=state)
            for code in ("DE", "US", "UK")
            for name, (first, last, state) in MONTHS.items()
        ),
        FxRate(id=FxRateId("fx1"), source="GBP", target="EUR", day=date(2026, 11, 27), rate=Decimal("1.1525"),
               provider="European Central Bank"),
        FxRate(id=FxRateId("fx2"), source="USD", target="EUR", day=date(2026, 11, 9), rate=Decimal("0.8613"),
               provider="European Central Bank"),
    ]  # fmt: skip


def changed(known: Iterable[Entity], changes: Changed) -> list[Entity]:
    """Entities with some fields otherwise, by id."""
    return [type(each).model_validate(dict(each) | changes.get(each.id, {})) for each in known]


@pytest.fixture(scope="session")
def book(firm: Firm) -> Book:
    return Book.of(firm, entities())


@pytest.fixture(scope="session")
def book_with(firm: Firm) -> Callable[..., Book]:
    """The book with some fields otherwise: `book_with(frame={"ends": None})`; `more` are entities beside them."""

    def make(*more: Entity, tables: Iterable[Table[Any]] = (), **changes: dict[str, Any]) -> Book:
        other = firm.model_copy(update={"tables": {**firm.tables, **{table.name: table for table in tables}}})
        return Book.of(other, [*changed(entities(), changes), *more])

    return make


@pytest.fixture(scope="session")
def table() -> Callable[..., Table[Any]]:
    """A table of some rows: `table(WriteDownRow, {"percent": 10})`."""

    def make(row: type[Row], *rows: dict[str, Any]) -> Table[Any]:
        place = Place(file=f"tables/{row.table}.csv", line=2)
        return Table.of(row, tuple(row.model_validate({"place": place, **cells}) for cells in rows))

    return make


@pytest.fixture(scope="session")
def entry() -> Callable[..., TimeEntry]:
    def make(**other: Any) -> TimeEntry:
        given: dict[str, Any] = {
            "id": TimeEntryId("t1"), "project": PLANT, "resource": ANNA, "day": date(2026, 11, 10), "hours": Decimal(8),
            "task": TaskId("build"), "billable": True, "approval": APPROVED,
        }  # fmt: skip
        return TimeEntry.model_validate(given | other)

    return make


@pytest.fixture(scope="session")
def expense() -> Callable[..., Expense]:
    def make(**other: Any) -> Expense:
        given: dict[str, Any] = {
            "id": ExpenseId("e1"), "project": PLANT, "resource": ANNA, "day": date(2026, 11, 10), "category": "Train",
            "amount": Money.of("100.50", "EUR"), "billable": True, "approval": APPROVED,
        }  # fmt: skip
        return Expense.model_validate(given | other)

    return make


@pytest.fixture(scope="session")
def item() -> Callable[..., BillingItem]:
    """A charge of the frame contract: `item("i1", "120.00", day=date(2026, 11, 3))`."""

    def make(id_: str, amount: str, **other: Any) -> BillingItem:
        money = Money.of(amount, "EUR")
        given: dict[str, Any] = {
            "id": BillingItemId(id_), "customer": CHEMIE, "contract": ContractId("frame"), "project": PLANT,
            "source": BillingSource.TIME, "source_reference": id_, "day": date(2026, 11, 10), "quantity": Decimal(1),
            "unit": Unit.HOUR, "unit_price": money, "amount": money, "state": BillingItemState.PROPOSED,
        }  # fmt: skip
        return BillingItem.model_validate(given | other)

    return make


@pytest.fixture(scope="session")
def rates(firm: Firm) -> Callable[..., Table[Any]]:
    """The firm's rate cards and some rows more."""

    def make(*rows: dict[str, Any]) -> Table[Any]:
        place = Place(file="tables/rate_cards.csv", line=99)
        return Table.of(
            RateRow,
            (*firm.table(RateRow).rows, *(RateRow.model_validate({"place": place, **cells}) for cells in rows)),
        )

    return make
