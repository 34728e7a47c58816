"""Who is right: what is accepted, what is refused and kept, and what may be sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.claims import Claim
from throughline.core.ownership import Policy

POLICY = Policy({"customer": {"*": "sales", "terms": "ledger"}, "contract": {"*": "hub"}})
FIELDS = st.dictionaries(st.sampled_from(["name", "phone", "terms"]), st.none() | st.sampled_from(["a", "b"]))


def says(system: str, kind: str = "customer", **fields: Any) -> Claim:
    return Claim(kind, "7", system, fields)


def test_the_owner_is_believed() -> None:
    settled = POLICY.settle({"name": "Old"}, says("sales", name="New"))

    assert (settled.accepted, settled.refused) == ({"name": "New"}, {})


def test_anyone_else_is_refused_and_remembered() -> None:
    settled = POLICY.settle({"name": "Old"}, says("ledger", name="New"))

    assert (settled.accepted, settled.refused) == ({}, {"name": "New"})


def test_a_field_with_a_line_of_its_own_has_an_owner_of_its_own() -> None:
    settled = POLICY.settle({}, says("ledger", name="New", terms="30 days"))

    assert (settled.accepted, settled.refused) == ({"terms": "30 days"}, {"name": "New"})


def test_what_agrees_already_is_neither_news_nor_refused() -> None:
    settled = POLICY.settle({"name": "Same"}, says("ledger", name="Same"))

    assert (settled.accepted, settled.refused) == ({}, {})


def test_an_owner_may_take_a_value_back() -> None:
    assert POLICY.settle({"name": "Old"}, says("sales", name=None)).accepted == {"name": None}


def test_a_stranger_that_says_nothing_contradicts_nobody() -> None:
    settled = POLICY.settle({"name": "Old"}, says("ledger", name=None))

    assert (settled.accepted, settled.refused) == ({}, {})


def test_where_nobody_owns_a_kind_nobody_is_believed() -> None:
    assert POLICY.settle(None, says("sales", "invoice", total="5")).refused == {"total": "5"}


@pytest.mark.parametrize(("system", "sent"), [("sales", {"terms"}), ("ledger", {"name"}), ("other", {"name", "terms"})])
def test_a_system_is_sent_everything_but_what_it_owns(system: str, sent: set[str]) -> None:
    assert set(POLICY.sendable("customer", {"name": "A", "terms": "B"}, to=system)) == sent


@given(FIELDS, FIELDS, st.sampled_from(["sales", "ledger", "hub"]))
def test_settling_twice_accepts_nothing_the_second_time(now: dict[str, Any], said: dict[str, Any], by: str) -> None:
    first = POLICY.settle(now, says(by, **said))

    second = POLICY.settle({**now, **first.accepted}, says(by, **said))

    assert second.accepted == {}
    assert not first.accepted.keys() & first.refused.keys()


@given(FIELDS, st.sampled_from(["sales", "ledger", "hub"]))
def test_nobody_is_ever_sent_what_it_would_be_believed_about(fields: dict[str, Any], system: str) -> None:
    accepted = POLICY.settle(None, says(system, **fields)).accepted

    assert not accepted.keys() & POLICY.sendable("customer", fields, to=system).keys()
