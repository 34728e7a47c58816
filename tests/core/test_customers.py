"""Where a customer belongs, and that a hierarchy ends."""

import pytest

from throughline.core.customers import UPDATED, at_home, refuse_loop
from throughline.core.entities import Customer, Opportunity
from throughline.core.errors import Hold


def test_a_new_customer_belongs_to_the_entity_and_currency_of_the_deal(customer: Customer, deal: Opportunity) -> None:
    here = at_home(customer.model_copy(update={"currency": "USD"}), deal)

    assert (here.legal_entity, here.currency, here.name) == ("DE", "EUR", customer.name)


def test_a_known_one_is_updated_in_everything_else() -> None:
    assert set(Customer.model_fields) - set(UPDATED) == {"legal_entity", "currency"}


def test_a_customer_we_came_from_is_its_own_parent(customer: Customer) -> None:
    with pytest.raises(Hold, match="its own parent"):
        refuse_loop(customer, ("customer-9", customer.id))


def test_a_customer_we_did_not_come_from_is_not(customer: Customer) -> None:
    refuse_loop(customer, ("customer-9",))
