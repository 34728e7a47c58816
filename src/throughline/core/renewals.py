"""The next term of a contract: when it is planned, what is proposed, and what a customer's yes makes of it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from throughline.core.contract_draft import later
from throughline.core.entities import (
    ApprovalState,
    ChangeOrder,
    ChangeOrderId,
    ChangeOrderLine,
    Contract,
    ContractState,
    Opportunity,
    OpportunityId,
    OpportunityLine,
    Renewal,
    RenewalPlan,
    RenewalPlanId,
)
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.gate import worth
from throughline.core.policies import Renewals

A_DAY = timedelta(days=1)
OVER = frozenset({ContractState.COMPLETED, ContractState.CANCELLED})


def continues(contract: Contract, firm: Firm) -> Renewals | None:
    """The firm's rule, where the next term of such a contract is more of the same."""
    rule = firm.policies.renewals
    return rule if rule and contract.commercial_model in rule.continues and contract.state not in OVER else None


def planned_on(ends: date, rule: Renewals) -> datetime:
    return datetime.combine(ends - timedelta(days=rule.days_ahead), time(), UTC)


def in_hand(renewals: Iterable[Renewal], ends: date) -> bool:
    """Whether somebody works on the term behind this day, or has an answer already."""
    return any(each.starts is None or each.starts > ends for each in renewals)


def proposed(contract: Contract, ends: date, rule: Renewals) -> RenewalPlan:
    """As long as the firm's rule says, and at the same price where that is as long as the term before."""
    starts = ends + A_DAY
    same = later(contract.starts, rule.months) == starts
    return RenewalPlan(
        id=RenewalPlanId(f"renewal_plan-of-{contract.id}-{starts}"),
        name=f"Renewal of {contract.name}"[:120],
        renews=OpportunityId(contract.opportunity or ""),
        contract=contract.id,
        customer=contract.customer,
        currency=contract.currency,
        notice_by=ends,
        value=contract.value if same else None,
        starts=starts,
        ends=later(starts, rule.months) - A_DAY,
    )


def next_term(renewal: Renewal, sold: Opportunity, contract: Contract, firm: Firm) -> ChangeOrder:
    """What was sold, as a change of the contract there is: more lines, and a later end."""
    applied = any(each.change_order == renewal.id for each in contract.versions)
    if not applied:
        _refuse_another(sold, contract, firm)
        _refuse_gap(sold, contract)
    return ChangeOrder(
        id=ChangeOrderId(renewal.id),
        name=sold.name,
        amends=renewal.renews,
        opportunity=sold.id,
        contract=contract.id,
        state=ApprovalState.APPROVED,
        currency=sold.currency,
        amount_delta=worth(sold) if sold.lines else sold.amount,
        effective_from=sold.starts,
        new_end=sold.ends,
        lines=tuple(_as_more(line) for line in sold.lines),
    )


def _refuse_another(sold: Opportunity, contract: Contract, firm: Firm) -> None:
    """A renewal that is not more of the same would need a contract, and perhaps a project, of its own."""
    if continues(contract, firm) is None:
        raise Hold(
            f"{sold.name} renews {contract.name}, and nobody has said that {_model(contract)} goes on in the same"
            " contract and project",
            fix=f"Add {contract.commercial_model.value} to `continues` of `renewals` in policies.yaml; release. If it"
            " is to be a project of its own, sell it in the CRM as a deal that renews nothing.",
        )
    if contract.customer != sold.customer:
        raise Hold(
            f"{sold.name} is sold to another customer than {contract.name}, which it renews",
            fix="Correct the account, or the renewed contract, of the opportunity; the run goes on by itself.",
        )


def _refuse_gap(sold: Opportunity, contract: Contract) -> None:
    """Days between two terms, or in both, would be nobody's, or billed twice."""
    if contract.ends is None:
        raise Hold(
            f"{sold.name} renews {contract.name}, which has no end",
            fix="Say in the CRM when the contract ends, with a change order; then release.",
        )
    if sold.starts != contract.ends + A_DAY or sold.ends is None:
        raise Hold(
            f"{sold.name} lasts from {sold.starts} to {sold.ends}, and the contract it renews ends on {contract.ends}",
            fix=f"Let the renewal start on {contract.ends + A_DAY}, and say when it ends, in the CRM; the run goes on"
            " by itself.",
        )


def _as_more(line: OpportunityLine) -> ChangeOrderLine:
    return ChangeOrderLine(
        key=line.key,
        product=line.product,
        description=line.description,
        role=line.role,
        commercial_model=line.commercial_model,
        quantity_delta=line.quantity,
        unit_price=line.unit_price,
        amount_delta=line.amount,
    )


def _model(contract: Contract) -> str:
    return contract.commercial_model.value.replace("_", " ")
