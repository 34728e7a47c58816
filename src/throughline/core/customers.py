"""A customer on its way into another system: where it belongs, and what it keeps once it is there."""

from throughline.core.entities import Customer, Opportunity
from throughline.core.errors import Hold

# What a system settles for itself when a customer is opened there: no later deal changes it.
KEPT = frozenset({"legal_entity", "currency"})
UPDATED = tuple(name for name in Customer.model_fields if name not in KEPT)


def at_home(customer: Customer, deal: Opportunity) -> Customer:
    """A customer that is new somewhere belongs to the legal entity and the currency of its first deal."""
    return customer.model_copy(update={"legal_entity": deal.legal_entity, "currency": deal.currency})


def refuse_loop(customer: Customer, below: tuple[str, ...]) -> None:
    """`below` are the customers we came from on the way up."""
    if customer.id in below:
        raise Hold(
            f"{customer.name} is, over some steps, its own parent",
            fix="Correct the account hierarchy in the CRM; the run goes on by itself.",
        )
