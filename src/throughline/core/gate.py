"""What a won deal must bring before anything is created from it, and who must agree to it."""

from throughline.core.entities import Opportunity, OpportunityLine
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.money import Money, total

# What an approval is answered with.
APPROVED, DECLINED = "approve", "decline"
MANDATORY = {
    "customer": "account",
    "commercial_model": "contract type",
    "billing_method": "billing method",
    "project_manager": "project manager",
    "legal_entity": "legal entity",
    "revenue_treatment": "revenue treatment",
    "service_line": "service line",
    "starts": "start date",
    "currency": "currency",
    "lines": "at least one line",
}


def refuse_incomplete(deal: Opportunity, firm: Firm) -> None:
    """Everything that is missing at once, so that it is corrected at once."""
    missing = [words for field, words in MANDATORY.items() if not getattr(deal, field)]
    if missing:
        raise Hold(
            f"{deal.name} lacks {', '.join(missing)}",
            fix="Complete the opportunity in the CRM; the run goes on by itself.",
        )
    if firm.legal_entity(deal.legal_entity or "") is None:
        known = ", ".join(each.code for each in firm.legal_entities)
        raise Hold(
            f"{deal.name} names legal entity {deal.legal_entity}, and there are {known}",
            fix="Correct the legal entity on the opportunity; the run goes on by itself.",
        )
    if deal.starts and deal.ends and deal.ends < deal.starts:
        raise Hold(
            f"{deal.name} ends on {deal.ends}, before it starts on {deal.starts}",
            fix="Correct the dates on the opportunity; the run goes on by itself.",
        )
    refuse_untrue_total(deal)


def refuse_untrue_total(deal: Opportunity) -> None:
    """A deal whose lines do not add up to its amount would be billed wrongly, one way or the other."""
    unpriced = [_named(line) for line in deal.lines if line.amount is None]
    if unpriced:
        raise Hold(
            f"{deal.name} has lines without an amount: {', '.join(unpriced)}",
            fix="Price the lines on the opportunity; the run goes on by itself.",
        )
    unbillable = [f"{_named(line)} at {line.amount}" for line in deal.lines if not _billable(line, deal)]
    if unbillable:
        raise Hold(
            f"{deal.name} cannot be billed in whole units of {deal.currency}: {', '.join(unbillable)}",
            fix="Correct the amounts on the opportunity; the run goes on by itself.",
        )
    if deal.amount is not None and worth(deal) != deal.amount:
        raise Hold(
            f"{deal.name} says {deal.amount}, and its lines add up to {worth(deal)}",
            fix="Make the lines and the amount of the opportunity agree; the run goes on by itself.",
        )


def worth(deal: Opportunity) -> Money:
    """What was sold: the sum of the lines."""
    return total((line.amount for line in deal.lines if line.amount), deal.currency or "")


def approver(deal: Opportunity, firm: Firm) -> str | None:
    """Who must agree to a deal of this size; nobody when it is within the limits."""
    approval = firm.policies.approval_needed(worth(deal), legal_entity=deal.legal_entity)
    return approval.owner if approval else None


def _named(line: OpportunityLine) -> str:
    return line.description or line.product or line.key


def _billable(line: OpportunityLine, deal: Opportunity) -> bool:
    return line.amount is not None and line.amount.currency == deal.currency and line.amount == line.amount.rounded()
