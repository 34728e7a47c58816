"""The words a contract is written in: how work is sold, billed, recognised and approved."""

from enum import StrEnum

from throughline.core.entities.base import Instant, Value


class CommercialModel(StrEnum):
    """How the work is sold."""

    TIME_AND_MATERIALS = "time_and_materials"
    FIXED_FEE = "fixed_fee"
    MILESTONE = "milestone"
    RETAINER = "retainer"
    USAGE = "usage"
    SUBSCRIPTION = "subscription"
    MANAGED_SERVICE = "managed_service"


class BillingMethod(StrEnum):
    """What makes an amount due."""

    ON_APPROVED_TIME = "on_approved_time"
    ON_SCHEDULE = "on_schedule"
    ON_MILESTONE = "on_milestone"
    IN_ADVANCE = "in_advance"
    ON_USAGE = "on_usage"


class BillingFrequency(StrEnum):
    """How often we invoice."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"
    ONCE = "once"


class RevenueTreatment(StrEnum):
    """When what we earn becomes revenue."""

    AS_INVOICED = "as_invoiced"
    OVER_TIME = "over_time"
    STRAIGHT_LINE = "straight_line"
    POINT_IN_TIME = "point_in_time"


class ApprovalState(StrEnum):
    """Where something that needs a yes stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"


class Unit(StrEnum):
    """What a rate or a quantity counts."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    EACH = "each"


class Approval(Value, frozen=True):
    """Who said yes or no, and when."""

    state: ApprovalState
    by: str | None = None
    at: Instant | None = None
    note: str | None = None
