"""What a change order makes of a contract: lines with more or less on them, new lines, and another value and end."""

from decimal import Decimal

from throughline.core.changes.agreement import Agreement, delta, next_version, version_of
from throughline.core.changes.checks import amount_of, line_changed
from throughline.core.contract_draft import contract_line, tax_code
from throughline.core.entities import ChangeOrder, ChangeOrderLine, Contract, ContractLine, OpportunityLine
from throughline.core.firm import Firm


def changed_contract(change: ChangeOrder, agreed: Agreement, firm: Firm) -> Contract:
    """The contract with the change in it, once: one that has it already is what it is."""
    contract = agreed.contract
    if version_of(change, contract.versions):
        return contract
    cap = contract.not_to_exceed
    made = {
        "value": contract.value + delta(change),
        "ends": change.new_end or contract.ends,
        "not_to_exceed": cap + delta(change) if cap else None,
        "lines": (*_kept(change, contract), *_added(change, agreed, firm)),
        "versions": (*contract.versions, next_version(change, contract.versions, contract.value)),
    }
    return contract.model_copy(update=made)


def _kept(change: ChangeOrder, contract: Contract) -> list[ContractLine]:
    """A line that nothing is left of stays, at nothing: what was billed of it must have somewhere to belong."""
    by_key: dict[str, list[ChangeOrderLine]] = {}
    for line in change.lines:
        if held := line_changed(line, contract):
            by_key.setdefault(held.key, []).append(line)
    return [_changed(held, by_key.get(held.key, [])) for held in contract.lines]


def _changed(held: ContractLine, changes: list[ChangeOrderLine]) -> ContractLine:
    quantity, amount = held.quantity, held.amount
    for change in changes:
        quantity += change.quantity_delta or Decimal(0)
        amount += amount_of(change, amount.currency)
    return held.model_copy(update={"quantity": quantity, "amount": amount})


def _added(change: ChangeOrder, agreed: Agreement, firm: Firm) -> list[ContractLine]:
    new = [line for line in change.lines if line.contract_line is None]
    if not new:
        return []
    contract = agreed.contract
    tax = tax_code(contract.legal_entity, agreed.customer, firm)
    return [
        contract_line(_as_sold(line), agreed.deal, model=contract.commercial_model, tax=tax, firm=firm).model_copy(
            update={"quote_line": line.key}
        )
        for line in new
    ]


def _as_sold(line: ChangeOrderLine) -> OpportunityLine:
    return OpportunityLine(
        key=line.key,
        product=line.product,
        description=line.description,
        quantity=line.quantity_delta,
        unit_price=line.unit_price,
        amount=line.amount_delta,
        role=line.role,
        commercial_model=line.commercial_model,
    )
