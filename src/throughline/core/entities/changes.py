"""What happens to a deal after it is signed: changes, renewals, and what the order book says of them."""

from enum import StrEnum
from typing import ClassVar

from throughline.core.entities.base import Count, Day, Entity, Flag, Instant, Key, Spanning, Value
from throughline.core.entities.ids import (
    BookingId,
    ChangeOrderId,
    ContractId,
    CustomerId,
    OpportunityId,
    ProjectId,
    RenewalId,
    RenewalPlanId,
    ScopeChangeId,
)
from throughline.core.entities.terms import (
    ApprovalState,
    CommercialModel,
)
from throughline.core.money import Currency, Exact, Money


class ChangeOrigin(StrEnum):
    """Where a change of what was agreed began."""

    SALES = "sales"
    DELIVERY = "delivery"
    CUSTOMER = "customer"
    FINANCE = "finance"


class ChangeOrderLine(Value, frozen=True):
    """What changes on one line of the contract: more of it, less of it, or a line that was not there."""

    key: Key
    contract_line: str | None = None
    product: str | None = None
    description: str | None = None
    role: str | None = None
    commercial_model: CommercialModel | None = None
    quantity_delta: Exact | None = None
    unit_price: Money | None = None
    amount_delta: Money | None = None
    hours_delta: Exact | None = None
    ends: Day | None = None


class Version(Value, frozen=True):
    """What one change order made of something that was agreed, and what that was worth before."""

    number: Count
    change_order: ChangeOrderId
    before: Money
    value: Money
    ends: Day | None = None


class ChangeOrder(Entity, frozen=True):
    """An agreed change of scope, price or time to work under way."""

    kind: ClassVar[str] = "change_order"

    id: ChangeOrderId
    name: str
    # The deal whose contract it changes; `opportunity` is the one the change itself is sold by.
    amends: OpportunityId | None = None
    opportunity: OpportunityId | None = None
    contract: ContractId | None = None
    project: ProjectId | None = None
    number: str | None = None
    origin: ChangeOrigin | None = None
    state: ApprovalState
    reason: str | None = None
    currency: Currency | None = None
    amount_delta: Money | None = None
    new_end: Day | None = None
    effective_from: Day | None = None
    requested_by: str | None = None
    approved_by: str | None = None
    approved_at: Instant | None = None
    lines: tuple[ChangeOrderLine, ...] = ()


class ScopeChange(Spanning, Entity, frozen=True):
    """What delivery asks to change of the work under way: a task with an amount, before it is a change order."""

    kind: ClassVar[str] = "scope_change"

    id: ScopeChangeId
    name: str
    project: ProjectId
    state: ApprovalState
    role: str | None = None
    hours: Exact | None = None
    amount: Money | None = None


class RenewalState(StrEnum):
    """Where the question of going on stands."""

    UPCOMING = "upcoming"
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    LAPSED = "lapsed"


class Renewal(Spanning, Entity, frozen=True):
    """The next term of a contract, from the first reminder to the answer."""

    kind: ClassVar[str] = "renewal"

    id: RenewalId
    # The deal whose contract goes on; `opportunity` is the one the next term is sold by.
    renews: OpportunityId | None = None
    contract: ContractId | None = None
    customer: CustomerId | None = None
    opportunity: OpportunityId | None = None
    state: RenewalState
    notice_by: Day | None = None
    value: Money | None = None
    uplift_percent: Exact | None = None
    automatic: Flag | None = None


class RenewalPlan(Spanning, Entity, frozen=True):
    """The next term of a contract as we propose it to sales ahead of its end; from then on it is theirs."""

    kind: ClassVar[str] = "renewal_plan"

    id: RenewalPlanId
    name: str
    # The deal whose contract goes on.
    renews: OpportunityId
    contract: ContractId
    customer: CustomerId
    currency: Currency
    notice_by: Day
    # Only where the next term is as long as the last: anything else is for sales to price.
    value: Money | None = None


class BookingReason(StrEnum):
    """Why the order book moved."""

    NEW = "new"
    CHANGE = "change"
    RENEWAL = "renewal"
    CANCELLATION = "cancellation"


class Booking(Entity, frozen=True):
    """An amount that entered or left the order book on a day."""

    kind: ClassVar[str] = "booking"

    id: BookingId
    customer: CustomerId
    opportunity: OpportunityId | None = None
    contract: ContractId | None = None
    change_order: ChangeOrderId | None = None
    legal_entity: str | None = None
    reason: BookingReason
    booked_on: Day
    amount: Money
