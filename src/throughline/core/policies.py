"""What a firm has decided about time, money and who answers: one value per part of `policies.yaml`."""

import re
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from throughline.core.entities.terms import CommercialModel
from throughline.core.errors import Hold
from throughline.core.money import Currency, Exact, Money
from throughline.core.sign_in import SignIn

Owner = Annotated[str, Field(min_length=1)]
Days = Annotated[int, Field(ge=1, le=36500)] | None
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _span(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"([1-9][0-9]{0,5}) ?([mhd])", value)
    if not found:
        raise ValueError("write a whole number and m, h or d, such as 60m, 4h or 2d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _clock(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise ValueError("write a time of day such as 18:00")
    return value


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Approval(_Part):
    """A deal worth more than this needs a yes from its owner."""

    above: Annotated[Exact, Field(ge=0)]
    currency: Currency
    legal_entity: str | None = None
    owner: Owner


class FourEyes(_Part):
    """What holds up more than this is answered by two people: who proposed may not approve."""

    above: Annotated[Exact, Field(ge=0)]
    currency: Currency


class Sla(_Part):
    """How long something may take: so long, or until a cut-off. A business clock stops at night, at weekends and on
    holidays; one that pauses stands still while a hold of its engagement is open.

    It is near after so many percent of the time. `target_percent` of the clocks are to be met: without one there is no
    error budget.
    """

    within: Annotated[timedelta, BeforeValidator(_span)] | None = None
    by: Annotated[str, Field(min_length=1)] | None = None
    clock: Literal["always", "business"] = "always"
    holds: Literal["run", "pause"] = "run"
    near_percent: Annotated[int, Field(ge=1, le=99)] = 80
    target_percent: Annotated[Exact, Field(gt=0, le=100)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.within is None) == (self.by is None):
            raise ValueError("write either `within`, such as 4h, or `by`, the name of a cut-off")
        return self


class BusinessHours(_Part):
    """When a business clock runs on a working day, by the time where the legal entity is."""

    opens: Annotated[time, BeforeValidator(_clock)] = time(9)
    shuts: Annotated[time, BeforeValidator(_clock)] = time(17)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.opens >= self.shuts:
            raise ValueError("an office shuts after it opens, on the same day")
        return self


class Alerts(_Part):
    """Which channels of the chat are told when a clock is near its end, or past it."""

    channels: tuple[Owner, ...] = ()


class CutOff(_Part):
    """Until when a period takes entries: the n-th working day after it ends, or, below zero, before it ends."""

    name: Annotated[str, Field(min_length=1)]
    legal_entity: str | None = None
    working_day: Annotated[int, Field(ge=-10, le=20)]
    at: Annotated[time, BeforeValidator(_clock)]


class Retention(_Part):
    """For how many days exchanges and events stay in the database; left out means for ever.

    `captures` speaks for webhooks and calls that are not listed themselves. Nothing else is ever removed.
    """

    captures: Days = None
    webhooks: Days = None
    calls: Days = None
    events: Days = None

    @property
    def anything(self) -> bool:
        """Whether anything ever leaves."""
        return any(value is not None for _, value in self)

    def days(self, kind: str) -> int | None:
        """Of a kind of captures. Those that hold both kinds are kept as long as either is."""
        own = {"webhooks": self.webhooks or self.captures, "calls": self.calls or self.captures}
        if kind in own:
            return own[kind]
        return max(own["webhooks"], own["calls"]) if own["webhooks"] and own["calls"] else None


class Renewals(_Part):
    """How long before its end a contract's next term is planned and for how long, and what goes on as it is."""

    days_ahead: Annotated[int, Field(ge=1, le=730)]
    months: Annotated[int, Field(ge=1, le=120)] = 12
    # Sold like this, the next term is more of the same contract and the same project. Anything else is a deal anew.
    continues: tuple[CommercialModel, ...]


class Margins(_Part):
    """Below which margin of a project, in per cent, customer success is told, and where."""

    below_percent: Annotated[Exact, Field(gt=0, lt=100)]
    channel: Annotated[str, Field(min_length=1)] | None = None


class NoApprovalLimit(Hold):
    """Nobody has said what may be sold without approval in this currency."""

    def __init__(self, amount: Money, legal_entity: str | None) -> None:
        super().__init__(
            f"No approval limit covers {amount} for legal entity {legal_entity or 'not known'}.",
            fix=f"Add a limit in {amount.currency} to `approvals` in policies.yaml.",
            amount=amount,
        )


class Policies(_Part):
    """The firm's decisions, as its folder writes them."""

    approvals: tuple[Approval, ...] = ()
    four_eyes: tuple[FourEyes, ...] = ()
    sign_in: SignIn | None = None
    slas: Mapping[str, Sla] = {}
    business_hours: BusinessHours = BusinessHours()
    alerts: Alerts = Alerts()
    cut_offs: tuple[CutOff, ...] = ()
    hold_owners: Mapping[str, Owner]
    masking: Mapping[str, tuple[str, ...]] = {}
    retention_days: Retention = Retention()
    renewals: Renewals | None = None
    margins: Margins | None = None

    def approval_needed(self, amount: Money, *, legal_entity: str | None) -> Approval | None:
        """The highest limit this amount is above; a legal entity's own limits replace the general ones."""
        limits = [a for a in self.approvals if a.currency == amount.currency and a.legal_entity in {None, legal_entity}]
        own = [a for a in limits if a.legal_entity is not None]
        if not limits:
            raise NoApprovalLimit(amount, legal_entity)
        passed = [a for a in own or limits if amount.amount > a.above]
        return max(passed, key=lambda a: a.above, default=None)

    def two_must_agree(self, amount: Money) -> bool:
        """Whether one person alone may not decide about so much; an amount has the sign of what it changes."""
        return any(abs(amount).amount > each.above for each in self.four_eyes if each.currency == amount.currency)

    def cut_off(self, name: str, *, legal_entity: str | None) -> CutOff | None:
        """A legal entity's own cut-off, or the general one."""
        named = {c.legal_entity: c for c in self.cut_offs if c.name == name}
        return named.get(legal_entity) or named.get(None)

    def hold_owner(self, part: str) -> str:
        """Who answers when this part of a process is held and nobody else was named."""
        return self.hold_owners.get(part) or self.hold_owners["*"]
