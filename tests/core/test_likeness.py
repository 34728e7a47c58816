"""Whether a record of theirs is the thing we sent: the natural key decides what is looked at, the content the rest."""

from typing import Any

import pytest

from throughline.core.claims import Claim
from throughline.core.connector import Where
from throughline.core.entities import Contract
from throughline.core.forms import Amount, Choice
from throughline.core.likeness import Found, agreed, digest, looked_for, sorted_out
from throughline.core.lists import Line, Lines
from throughline.core.mapping import Mapping, Row, Rung

LINES = Lines((Line("key", "key"), Line("description", "text"), Line("item", "item", flow="out")))
CONTRACT = Mapping(
    Contract, "contracts", "id",
    (
        Row("name", "name"),
        Row("customer", "customer"),
        Row("value", "value", Amount(currency="currency")),
        Row("state", "state", Choice({"open": "active"}), flow="out"),
        Row("cost_centre", "department", flow="in"),
        Row("lines", "lines", LINES),
    ),
    rung=Rung.NATURAL_KEY, natural_key=("name", "customer"),
)  # fmt: skip
SENT: dict[str, Any] = {
    "name": "Rollout", "customer": "customer-1", "value": {"amount": "100.00", "currency": "EUR"}, "state": "active",
    "lines": [{"key": "1", "description": "Work", "item": "SVC", "quantity": "2"}],
}  # fmt: skip
SHOWN: dict[str, Any] = {
    "name": "Rollout", "customer": "customer-1", "value": {"amount": "100.00", "currency": "EUR"},
    "cost_centre": "North", "lines": [{"key": "1", "description": "Work"}],
}  # fmt: skip


def found(*shown: dict[str, Any], rung: Rung = Rung.NATURAL_KEY) -> list[Found]:
    claims = [Claim("contract", f"V{n}", "east", fields) for n, fields in enumerate(shown, start=1)]
    return sorted_out(CONTRACT, rung, SENT, claims)


def test_the_same_content_is_the_same_whatever_flows_one_way_only() -> None:
    assert found(SHOWN) == [Found("V1", SHOWN, same=True)]


@pytest.mark.parametrize(
    "other",
    [
        {"value": {"amount": "100.01", "currency": "EUR"}},
        {"value": None},
        {"lines": [{"key": "1", "description": "Other work"}]},
        {"lines": [*SHOWN["lines"], *SHOWN["lines"]]},
        {"lines": []},
    ],
)
def test_the_natural_key_with_another_content_is_similar(other: dict[str, Any]) -> None:
    assert [each.same for each in found(SHOWN | other)] == [False]


def test_a_content_that_is_not_shown_at_all_is_not_the_same() -> None:
    bare = {name: value for name, value in SHOWN.items() if name != "value"}

    assert [each.same for each in found(bare)] == [False]


@pytest.mark.parametrize("other", [{"name": "ROLLOUT"}, {"customer": "customer-2"}, {"customer": None}])
def test_another_natural_key_is_another_thing(other: dict[str, Any]) -> None:
    assert found(SHOWN | other) == []


def test_a_natural_key_that_cannot_be_read_may_be_ours_and_is_not_called_another_thing() -> None:
    known = {name: value for name, value in SHOWN.items() if name != "customer"}
    unread = Claim("contract", "V1", "east", known, {"customer": "client is 7, and we do not know it"})

    assert [each.same for each in sorted_out(CONTRACT, Rung.NATURAL_KEY, SENT, [unread])] == [False]


def test_one_found_twice_is_one_and_what_is_found_comes_in_order() -> None:
    claims = [Claim("contract", key, "east", SHOWN) for key in ("V2", "V1", "V2")]

    assert [each.key for each in sorted_out(CONTRACT, Rung.NATURAL_KEY, SENT, claims)] == ["V1", "V2"]


def test_what_carries_our_mark_is_ours_whatever_it_says() -> None:
    assert [each.same for each in found({"name": "Renamed since"}, rung=Rung.MARKER)] == [True]


def test_it_is_looked_for_by_the_mark_or_by_the_whole_natural_key() -> None:
    assert looked_for(CONTRACT, Rung.MARKER, marker="contract-1", sent=SENT) == Where(marker="contract-1")
    assert looked_for(CONTRACT, Rung.NATURAL_KEY, marker="contract-1", sent={"name": "Rollout"}) == Where(
        fields={"name": "Rollout", "customer": None}
    )


def test_a_digest_is_of_what_can_be_compared_and_nothing_else() -> None:
    assert digest(CONTRACT, SENT) == digest(CONTRACT, SHOWN)
    assert digest(CONTRACT, SENT) != digest(CONTRACT, SENT | {"name": "Other"})


def test_what_they_hold_just_so_is_agreed_and_the_rest_is_not() -> None:
    other = SHOWN | {"value": {"amount": "1.00", "currency": "EUR"}}

    assert agreed(CONTRACT, SENT, other) == {name: SENT[name] for name in ("customer", "lines", "name")}
