"""Masking: what is sensitive, in our words and in others', and how it is taken out."""

import json

from throughline.core.entities import TimeEntry
from throughline.core.forms import SAME
from throughline.core.lists import Line, Lines
from throughline.core.mapping import Mapping, Row
from throughline.core.masking import MASKED, masked, masked_body, says_so, sensitive_fields, their_names
from throughline.core.money import Money

NAMES = frozenset({"rate", "cost_rate"})


def test_rates_and_what_an_hour_costs_are_declared_sensitive() -> None:
    assert sensitive_fields() == {"rate", "cost_rate", "hourly_cost", "unit_price"}


def test_an_entity_with_a_sensitive_field_is_read_as_before() -> None:
    assert TimeEntry.model_fields["rate"].annotation == Money | None


def test_what_is_hidden_goes_however_deep_it_is() -> None:
    said = {"id": "a", "rate": {"amount": "1", "currency": "EUR"}, "lines": [{"cost_rate": 7, "hours": 3}]}

    assert masked(said, NAMES) == {"id": "a", "rate": MASKED, "lines": [{"cost_rate": MASKED, "hours": 3}]}


def test_what_hides_nothing_is_the_very_same() -> None:
    said = {"id": "a", "rate": None, "lines": [{"hours": 3}]}

    assert masked(said, NAMES) is said


def test_a_field_that_says_it_is_a_salary_is_hidden_whoever_named_it() -> None:
    hidden = ("Base_Salary__c", "hourlyRate", "billable_rate", "totalCompensation", "payroll_share_percent", "BillRate")

    assert [name for name in (*hidden, "tax_rate", "amount", "costs", "cost_centre") if says_so(name)] == [*hidden]


def test_what_systems_call_it_is_hidden_too() -> None:
    lines = Lines((Line("unit_price", "UnitPrice", SAME),))
    rows = (Row("rate", "x.bill", SAME), Row("id", "lines", lines))
    mapping = Mapping(TimeEntry, "time", key="id", changed="at", rows=rows)

    assert their_names([mapping], frozenset({"rate", "unit_price"})) == {"bill", "UnitPrice"}


def test_a_body_is_masked_and_one_that_cannot_be_read_is_not_shown() -> None:
    body = json.dumps({"rate": 1, "hours": 2}).encode()

    assert json.loads(masked_body(body, NAMES)) == {"rate": MASKED, "hours": 2}
    assert masked_body(b"<salary>5</salary>", NAMES) == b"masked"
    assert masked_body(b'"5"', NAMES) == b"masked"
    assert masked_body(b"", NAMES) == b""
