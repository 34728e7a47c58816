"""From a deal to its contract and billing plan: one line per line sold, and amounts that always add up."""

from datetime import date, timedelta
from decimal import Decimal

from throughline.core.entities import (
    BillingFrequency,
    BillingInstalment,
    BillingMethod,
    BillingPlan,
    BillingPlanId,
    BillingPlanKind,
    CommercialModel,
    Contract,
    ContractId,
    ContractLine,
    Customer,
    Opportunity,
    OpportunityLine,
    TaskKind,
)
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.gate import worth
from throughline.core.money import Money
from throughline.core.project_draft import template_for, template_tasks
from throughline.core.rows import CostCentreRow, ServiceItemRow, TaxCodeRow

PLAN_KIND = {
    CommercialModel.TIME_AND_MATERIALS: BillingPlanKind.TIME_AND_MATERIALS,
    CommercialModel.FIXED_FEE: BillingPlanKind.SCHEDULE,
    CommercialModel.MILESTONE: BillingPlanKind.MILESTONE,
    CommercialModel.RETAINER: BillingPlanKind.SCHEDULE,
    CommercialModel.USAGE: BillingPlanKind.USAGE,
    CommercialModel.SUBSCRIPTION: BillingPlanKind.SCHEDULE,
    CommercialModel.MANAGED_SERVICE: BillingPlanKind.SCHEDULE,
}
# Fifty years of months: an end date beyond that, such as 9999-12-31, is a way of saying that there is none.
MOST_INSTALMENTS = 600
MONTHS = {BillingFrequency.MONTHLY: 1, BillingFrequency.QUARTERLY: 3, BillingFrequency.YEARLY: 12}


def contract(deal: Opportunity, customer: Customer, firm: Firm) -> Contract:
    """The contract finance books. The gate has seen to it that nothing needed is missing."""
    model, method, treatment = deal.commercial_model, deal.billing_method, deal.revenue_treatment
    if not (model and method and treatment and deal.starts and deal.legal_entity and deal.currency):
        raise ValueError(f"{deal.id} came past the gate incomplete")
    tax = tax_code(deal.legal_entity, customer, firm)
    return Contract(
        id=ContractId(f"contract-of-{deal.id}"),
        name=deal.name,
        customer=customer.id,
        opportunity=deal.id,
        legal_entity=deal.legal_entity,
        currency=deal.currency,
        commercial_model=model,
        billing_method=method,
        revenue_treatment=treatment,
        starts=deal.starts,
        ends=deal.ends,
        value=worth(deal),
        purchase_order=deal.purchase_order,
        billing_plan=BillingPlanId(f"billing-plan-of-{deal.id}"),
        cost_centre=cost_centre(deal.legal_entity, deal.service_line, firm),
        lines=tuple(contract_line(each, deal, model=model, tax=tax, firm=firm) for each in deal.lines),
    )


def billing_plan(deal: Opportunity, firm: Firm) -> BillingPlan:
    """When the contract is billed. Time and usage are billed as they come; the rest falls due in instalments."""
    model, value = deal.commercial_model, worth(deal)
    if not model:
        raise ValueError(f"{deal.id} came past the gate incomplete")
    kind = PLAN_KIND[model]
    return BillingPlan(
        id=BillingPlanId(f"billing-plan-of-{deal.id}"),
        contract=ContractId(f"contract-of-{deal.id}"),
        name=f"{deal.name}, {model.value.replace('_', ' ')}",
        plan_kind=kind,
        frequency=deal.billing_frequency,
        currency=value.currency,
        total=value,
        instalments=_instalments(kind, deal, value, firm),
    )


def tax_code(legal_entity: str, customer: Customer, firm: Firm) -> str:
    """The firm's table decides; a case it does not know is finance's to decide, not ours."""
    registered = bool(customer.tax_id) if customer.registered_for_tax is None else customer.registered_for_tax
    row = firm.table(TaxCodeRow).lookup(
        legal_entity=legal_entity, customer_country=customer.country, registered=registered
    )
    if row is None:
        says = "registered" if registered else "not registered"
        raise Hold(
            f"No tax code for {legal_entity} selling to {customer.name} in {customer.country or 'an unknown country'}",
            fix=f"Add a row for {legal_entity}, {customer.country or '?'} ({says}) to tables/tax_codes.csv; release.",
        )
    return row.tax_code


def cost_centre(legal_entity: str, service_line: str | None, firm: Firm) -> str:
    row = firm.table(CostCentreRow).lookup(legal_entity=legal_entity, service_line=service_line)
    if row is None:
        raise Hold(
            f"No cost centre for {service_line} in {legal_entity}",
            fix=f"Add a row for {legal_entity}, {service_line} to tables/cost_centres.csv; release.",
        )
    return row.cost_centre


def contract_line(
    sold: OpportunityLine, deal: Opportunity, *, model: CommercialModel, tax: str, firm: Firm
) -> ContractLine:
    """One line of a contract, with where it lands in the books; `deal` says for which service line and company."""
    own_model = sold.commercial_model or model
    item = firm.table(ServiceItemRow).lookup(commercial_model=own_model, service_line=deal.service_line)
    if item is None:
        raise Hold(
            f"No service item for {own_model.value} in {deal.service_line}",
            fix=f"Add a row for {own_model.value} to tables/service_items.csv; release.",
        )
    amount = sold.amount or Money.zero(deal.currency or "")
    # Half a price is none: then the line is one piece at its amount, and a ledger that multiplies finds the same.
    priced = sold.quantity is not None and sold.unit_price is not None
    return ContractLine(
        key=sold.key,
        product=sold.product,
        description=sold.description or sold.product,
        commercial_model=own_model,
        quantity=sold.quantity if priced and sold.quantity is not None else Decimal(1),
        unit=item.unit,
        unit_price=sold.unit_price if priced and sold.unit_price else amount,
        amount=amount,
        role=sold.role,
        item=item.item,
        tax_code=tax,
        cost_centre=cost_centre(deal.legal_entity or "", deal.service_line, firm),
        quote_line=sold.quote_line,
    )


def _instalments(kind: BillingPlanKind, deal: Opportunity, value: Money, firm: Firm) -> tuple[BillingInstalment, ...]:
    match kind:
        case BillingPlanKind.TIME_AND_MATERIALS | BillingPlanKind.USAGE:
            return ()
        case BillingPlanKind.MILESTONE:
            return _by_milestone(deal, value, firm)
        case BillingPlanKind.SCHEDULE:
            return _by_period(deal, value)


def _by_milestone(deal: Opportunity, value: Money, firm: Firm) -> tuple[BillingInstalment, ...]:
    template = template_for(deal, firm).template
    rows = [row for row in template_tasks(template, firm) if row.kind == TaskKind.MILESTONE and row.share_percent]
    if not rows:
        raise Hold(
            f"Template {template} has no milestones to bill {deal.name} by",
            fix="Give its milestones a share_percent in tables/template_tasks.csv; release.",
        )
    parts = value.allocate([row.share_percent or Decimal(0) for row in rows])
    starts = deal.starts or date.min
    return tuple(
        BillingInstalment(
            key=str(number),
            name=row.title,
            due=starts + timedelta(days=row.start_day + row.days),
            amount=amount,
            milestone=row.title,
        )
        for number, (row, amount) in enumerate(zip(rows, parts, strict=True), start=1)
    )


def _by_period(deal: Opportunity, value: Money) -> tuple[BillingInstalment, ...]:
    billed = _billed_periods(deal)
    in_advance = deal.billing_method is BillingMethod.IN_ADVANCE
    return tuple(
        BillingInstalment(
            key=str(number),
            name=f"{begins:%d %b %Y} to {ends:%d %b %Y}",
            due=begins if in_advance else ends,
            amount=amount,
        )
        for number, ((begins, ends), amount) in enumerate(zip(billed, value.split(len(billed)), strict=True), start=1)
    )


def _billed_periods(deal: Opportunity) -> list[tuple[date, date]]:
    starts, ends, frequency = deal.starts or date.min, deal.ends, deal.billing_frequency
    if frequency is None:
        raise Hold(
            f"{deal.name} is billed in instalments and has no billing frequency",
            fix="Enter the billing frequency on the opportunity; the run goes on by itself.",
        )
    if frequency is BillingFrequency.ONCE:
        return [(starts, ends or starts)]
    if ends is None:
        raise Hold(
            f"{deal.name} is billed {frequency.value} and has no end date",
            fix="Enter the end date on the opportunity; the run goes on by itself.",
        )
    if (ends.year - starts.year) * 12 // MONTHS[frequency] > MOST_INSTALMENTS:
        raise Hold(
            f"{deal.name} is billed {frequency.value} until {ends}: more than {MOST_INSTALMENTS} instalments",
            fix="Correct the end date on the opportunity; the run goes on by itself.",
        )
    return periods(starts, ends, MONTHS[frequency])


def periods(starts: date, ends: date, months: int) -> list[tuple[date, date]]:
    """Periods that follow each other without a gap; the last one ends with the contract."""
    found: list[tuple[date, date]] = []
    number = 0
    while (begins := later(starts, number * months)) <= ends:
        number += 1
        found.append((begins, min(later(starts, number * months) - timedelta(days=1), ends)))
    return found


def later(day: date, months: int) -> date:
    """The same day some months on; the last day of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (first_of_next - timedelta(days=1)).day))
