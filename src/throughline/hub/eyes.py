"""Eyes: what somebody who was let in sees of the database, and what is masked for them."""

from throughline.core.masking import sensitive_fields, their_names
from throughline.core.rights import Right, Who
from throughline.hub.firms import NothingApplied
from throughline.hub.machine import Machine
from throughline.store.seen_by import Eyes


async def of(machine: Machine, who: Who) -> Eyes:
    """Their companies, and, unless they may see rates, the names of what is hidden: ours, the firm's, the systems'."""
    hidden = None if who.may(Right.RATES) else await _hidden(machine)
    return Eyes(who.legal_entities, hidden, approves=who.may(Right.APPROVE))


async def _hidden(machine: Machine) -> frozenset[str]:
    ours = sensitive_fields() | await _of_the_firm(machine)
    mappings = [mapping for connector in machine.connectors.values() for mapping in connector.mappings]
    return ours | their_names(mappings, ours)


async def _of_the_firm(machine: Machine) -> frozenset[str]:
    """What its policies hide besides."""
    try:
        policies = (await machine.firms.current()).firm.policies
    except NothingApplied:
        return frozenset()
    return frozenset(field for fields in policies.masking.values() for field in fields)
