"""What is agreed at one moment, and the versions that change orders made of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from throughline.core.entities import BillingPlan, ChangeOrder, Contract, Customer, Opportunity, Project, Version
from throughline.core.money import Money


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a change order meets: the deal, what became of it, and how much of it is billed."""

    deal: Opportunity
    customer: Customer
    contract: Contract
    plan: BillingPlan
    project: Project
    billed: Money


def version_of(change: ChangeOrder, versions: Sequence[Version]) -> Version | None:
    """The version this change order made, if it was applied."""
    return next((each for each in versions if each.change_order == change.id), None)


def next_version(change: ChangeOrder, versions: Sequence[Version], before: Money) -> Version:
    """Version 1 is the deal itself."""
    return Version(
        number=len(versions) + 2,
        change_order=change.id,
        before=before,
        value=before + delta(change),
        ends=change.new_end,
    )


def delta(change: ChangeOrder) -> Money:
    if change.amount_delta is None:
        raise ValueError(f"{change.id} came past the gate without an amount")
    return change.amount_delta
