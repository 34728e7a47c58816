"""Mapping tables: a record in, a claim out, and back."""

from collections.abc import Mapping as Dict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.claims import Claim
from throughline.core.entities import Customer, Project
from throughline.core.forms import Amount, Choice, Day, Fixed, Lookup, Ref
from throughline.core.lists import One
from throughline.core.mapping import Mapping, Row, Rung


class Known:
    """Every key has an id of ours, and the other way round."""

    def our_id(self, kind: str, key: str) -> str | None:
        return f"{kind}-{key}"

    def their_key(self, kind: str, id_: str) -> str | None:
        return id_.removeprefix(f"{kind}-")

    def in_table(self, table: str, column: str, *, where: Dict[str, str]) -> str | None:
        return f"{table} {column} {'/'.join(where.values())}"


NAMES = Known()
PROJECT = Mapping(
    Project,
    resource="workspaces",
    key="meta.id",
    author="changed_by",
    rows=(
        Row("name", "title"),
        Row("customer", "client_ids", One(Ref("customer"))),
        Row("currency", "currency"),
        Row("budget", "money.price", Amount("currency")),
        Row("starts", "start", Day()),
        Row("state", "status", Choice({"Open": "active", "Done": "completed"}), flow="in"),
        Row("manager", "lead", flow="out"),
        Row("", "creator_role", Fixed("maven")),
    ),
)
RECORD: dict[str, Any] = {
    "meta": {"id": 7},
    "title": "Review",
    "client_ids": ["5"],
    "currency": "EUR",
    "money": {"price": "10.5"},
    "start": "2026-01-31",
    "status": "Open",
    "lead": "someone",
    "changed_by": 3,
}


def read(**but: Any) -> Claim:
    return PROJECT.read({**RECORD, **but}, system="psa", names=NAMES)


def test_a_record_claims_its_fields_in_our_words() -> None:
    assert read() == Claim(
        "project",
        "7",
        "psa",
        {
            "name": "Review",
            "customer": "customer-5",
            "currency": "EUR",
            "budget": {"amount": "10.50", "currency": "EUR"},
            "starts": "2026-01-31",
            "state": "active",
        },
        {},
        "3",
    )


def test_a_field_the_record_does_not_carry_is_not_claimed() -> None:
    claim = PROJECT.read({"meta": {"id": 7}, "title": "Review"}, system="psa", names=NAMES)

    assert (claim.fields, claim.author) == ({"name": "Review"}, None)


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_field_that_is_empty_is_claimed_to_be_empty(nothing: str | None) -> None:
    assert read(title=nothing).fields["name"] is None


def test_what_cannot_be_read_is_named_and_the_rest_is_claimed() -> None:
    claim = read(status="Paused", start="soon")

    assert claim.unread == {
        "state": "status is 'Paused', which is not one of Done, Open",
        "starts": "start is 'soon', not a date such as 2026-01-31",
    }
    assert claim.fields["name"] == "Review"
    assert not {"state", "starts"} & claim.fields.keys()


def test_what_is_written_is_their_record() -> None:
    fields = {"name": "Review", "customer": "customer-5", "state": "active", "manager": "someone", "starts": None}

    assert PROJECT.write(fields, names=NAMES) == {
        "title": "Review",
        "client_ids": ["5"],
        "lead": "someone",
        "creator_role": "maven",
    }


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.text(min_size=1),
            "customer": st.integers(1, 99).map(lambda number: f"customer-{number}"),
            "starts": st.dates().map(str),
            "budget": st.integers(0, 10**9).map(lambda cents: {"amount": f"{cents}.25", "currency": "EUR"}),
        },
    )
)
def test_what_was_written_is_claimed_when_it_comes_back(fields: dict[str, Any]) -> None:
    record = {**PROJECT.write({**fields, "currency": "EUR"}, names=NAMES), "meta": {"id": 7}}

    assert PROJECT.read(record, system="psa", names=NAMES).fields == {**fields, "currency": "EUR"}


def test_a_change_of_one_field_may_look_at_the_others_around_it() -> None:
    mapping = Mapping(Customer, "c", "id", (Row("payment_terms", "t", Lookup("terms", "id", (("region", "region"),))),))

    written = mapping.write({"payment_terms": "x"}, names=NAMES, around={"payment_terms": "x", "region": "north"})

    assert written == {"t": "terms id north"}


def test_it_knows_what_it_can_write_and_what_it_points_at() -> None:
    assert PROJECT.writable() == {"name", "customer", "currency", "budget", "starts", "manager"}
    assert list(PROJECT.refs(RECORD)) == [("customer", "5")]
    assert list(PROJECT.refs({"client_ids": []})) == []
    assert list(PROJECT.pointers({"customer": "customer-5"})) == [("customer", "customer-5")]
    assert list(PROJECT.pointers({"name": "Review"})) == []


def test_a_row_for_a_field_the_entity_does_not_have_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="Customer has no field shoe_size"):
        Mapping(Customer, "c", "id", (Row("shoe_size", "size"),))


@pytest.mark.parametrize(
    ("declared", "why"),
    [
        ({"rung": Rung.IDEMPOTENCY_KEY}, "declares rung B: say for how long they remember a key"),
        ({"rung": Rung.IDEMPOTENCY_KEY, "key_window_seconds": 0}, "say for how long they remember a key"),
        (
            {"rung": Rung.IDEMPOTENCY_KEY, "key_window_seconds": 60, "after_window": Rung.UPSERT},
            "what they offer when they have forgotten it",
        ),
        ({"rung": Rung.NATURAL_KEY}, "declares rung D: say which of our fields tell one from another"),
        (
            {"rung": Rung.IDEMPOTENCY_KEY, "key_window_seconds": 60, "after_window": Rung.NATURAL_KEY},
            "declares rung D: say which of our fields tell one from another",
        ),
        ({"natural_key": ("phone",)}, "phone in natural_key of customer is not both sent and read back"),
        ({"natural_key": ("shoe_size",)}, "shoe_size in natural_key"),
    ],
)
def test_half_a_rung_is_refused_at_once(declared: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Mapping(Customer, "c", "id", (Row("name", "name"), Row("phone", "phone", flow="in")), **declared)


def test_what_is_sent_and_read_by_two_rows_can_be_compared() -> None:
    two = Mapping(Customer, "c", "id", (Row("name", "title", flow="in"), Row("name", "name", flow="out")))

    assert two.read_back() == {"name"}


def test_a_firm_replaces_a_row_of_ours_and_adds_its_own() -> None:
    mine = PROJECT.overlaid((Row("name", "own_title"), Row("", "source", Fixed("throughline"))))

    assert mine.write({"name": "Review"}, names=NAMES) == {
        "own_title": "Review",
        "creator_role": "maven",
        "source": "throughline",
    }
    assert mine.read({"meta": {"id": 1}, "title": "Old", "own_title": "New"}, system="psa", names=NAMES).fields == {
        "name": "New"
    }
    assert PROJECT.write({"name": "Review"}, names=NAMES)["title"] == "Review"
