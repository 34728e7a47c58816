"""The terms a project's work is charged on: its contract, customer, tax, rule of combining and place in the books."""

from dataclasses import dataclass
from datetime import date

from throughline.core import contract_draft
from throughline.core.billing.book import Book
from throughline.core.entities import (
    BillingSource,
    CommercialModel,
    Contract,
    ContractState,
    Customer,
    LedgerCoding,
    Project,
    ProjectState,
)
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.rows import BillingRuleRow, LedgerAccountRow, ServiceItemRow

BINDING = {None, ContractState.ACTIVE, ContractState.COMPLETED}


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed about a contract's charges, complete: nothing in it had to be guessed."""

    contract: Contract
    customer: Customer
    model: CommercialModel
    rule: BillingRuleRow
    tax_code: str
    cost_centre: str
    item: str
    project: Project | None = None


def terms_of_project(project_id: str, book: Book) -> Terms:
    project = book.projects.get(project_id)
    if project is None:
        raise Hold(
            f"There is no project {project_id}",
            fix="Correct the project of the line, or bring the project in; then release.",
        )
    if project.state is ProjectState.CANCELLED:
        raise Hold(f"{project.name} is cancelled", fix="Move the line to another project, or reopen this one.")
    if project.contract is None:
        raise Hold(f"{project.name} has no contract", fix="Link the project to its contract, then release.")
    return terms_of_contract(project.contract, book, project)


def terms_of_contract(contract_id: str, book: Book, project: Project | None = None) -> Terms:
    contract = book.contracts.get(contract_id)
    if contract is None:
        raise Hold(f"There is no contract {contract_id}", fix="Bring the contract in, then release.")
    if contract.state not in BINDING:
        raise Hold(
            f"{contract.name} is {contract.state.value if contract.state else 'not signed'}",
            fix="Make the contract active, or take the line off it; then release.",
        )
    customer = book.customers.get(contract.customer)
    if customer is None:
        raise Hold(
            f"{contract.name} names customer {contract.customer}, whom we do not know",
            fix="Bring the customer in, then release.",
        )
    if project and project.currency != contract.currency:
        raise Hold(
            f"{project.name} is in {project.currency}, and its contract in {contract.currency}",
            fix="Make the two agree, then release.",
        )
    return _complete(contract, customer, project, book.firm)


def coding(terms: Terms, source: BillingSource, firm: Firm) -> LedgerCoding:
    """Where a charge of this kind lands; a case the table does not know is finance's to decide."""
    entity = terms.contract.legal_entity
    row = firm.table(LedgerAccountRow).lookup(legal_entity=entity, commercial_model=terms.model, source=source)
    if row is None:
        raise Hold(
            f"No account for {source.value} on {terms.model.value} in {entity}",
            fix=f"Add a row for {entity}, {terms.model.value}, {source.value} to tables/ledger_accounts.csv; release.",
        )
    return LedgerCoding(
        account=row.account, deferred_account=row.deferred_account, cost_centre=terms.cost_centre, item=terms.item
    )


def refuse_outside(day: date, terms: Terms) -> None:
    """Work is charged under a contract only for the days it covers."""
    for each in (terms.contract, terms.project):
        if each and ((each.starts and day < each.starts) or (each.ends and day > each.ends)):
            raise Hold(
                f"{day} is outside {each.name}, which runs from {each.starts or 'any day'} to {each.ends or 'any day'}",
                fix="Correct the day of the line, or extend the contract and the project; then release.",
            )


def _complete(contract: Contract, customer: Customer, project: Project | None, firm: Firm) -> Terms:
    model = (project.commercial_model if project else None) or contract.commercial_model
    service_line = project.service_line if project else None
    own_centre = (project.cost_centre if project else None) or contract.cost_centre
    return Terms(
        contract=contract,
        customer=customer,
        model=model,
        rule=_rule(contract, model, firm),
        tax_code=contract_draft.tax_code(contract.legal_entity, customer, firm),
        cost_centre=own_centre or contract_draft.cost_centre(contract.legal_entity, service_line, firm),
        item=_item(model, service_line, firm),
        project=project,
    )


def _rule(contract: Contract, model: CommercialModel, firm: Firm) -> BillingRuleRow:
    row = firm.table(BillingRuleRow).lookup(
        legal_entity=contract.legal_entity,
        commercial_model=model,
        customer=contract.customer,
        contract=contract.id,
    )
    if row is None:
        raise Hold(
            f"No rule says how {model.value} is billed in {contract.legal_entity}",
            fix=f"Add a row for {contract.legal_entity}, {model.value} to tables/billing_rules.csv; release.",
        )
    return row


def _item(model: CommercialModel, service_line: str | None, firm: Firm) -> str:
    row = firm.table(ServiceItemRow).lookup(commercial_model=model, service_line=service_line)
    if row is None:
        raise Hold(
            f"No service item for {model.value} in {service_line}",
            fix=f"Add a row for {model.value} to tables/service_items.csv; release.",
        )
    return row.item
