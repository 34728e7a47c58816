"""Any literal a careful client writes is read back as what it meant."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.sandbox.salesforce.soql import parse
from throughline.sandbox.salesforce.soql_tree import Comparison, Literal
from throughline.sandbox.salesforce.wire import Refused

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def literal(text: str) -> Literal:
    where = parse(f"SELECT Id FROM Account WHERE Name = {text}").where
    assert isinstance(where, Comparison)
    return where.literal


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


@given(st.text())
def test_a_quoted_string_is_read_back(text: str) -> None:
    assert literal(quoted(text)) == Literal("string", text, quoted(text)[1:-1])


@given(st.text(), st.text())
def test_no_text_in_quotes_becomes_a_condition(text: str, other: str) -> None:
    query = parse(f"SELECT Id FROM Account WHERE Name IN ({quoted(text)}, {quoted(other)}) LIMIT 1")

    assert query.limit == 1


@given(st.characters(max_codepoint=0xFFFF))
def test_a_letter_can_be_written_by_its_code(letter: str) -> None:
    assert literal(f"'\\u{ord(letter):04x}'").text == letter


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back(number: Decimal) -> None:
    found = literal(str(number))

    assert (found.kind, Decimal(found.text)) == ("number", number)


@given(st.dates())
def test_a_date_is_read_back(day: date) -> None:
    assert literal(day.isoformat()) == Literal("date", day.isoformat())


@given(st.datetimes(timezones=ZONES))
def test_a_moment_is_read_back_in_any_zone(at: datetime) -> None:
    for spelling in (at.isoformat(), at.isoformat(timespec="milliseconds")):
        found = literal(spelling)
        assert found.kind == "datetime"
        assert abs(datetime.fromisoformat(found.text) - at) < timedelta(seconds=1)


@given(st.datetimes())
def test_a_moment_in_utc_may_end_in_z(at: datetime) -> None:
    found = literal(f"{at.isoformat(timespec='seconds')}Z")

    assert datetime.fromisoformat(found.text) == at.replace(microsecond=0, tzinfo=UTC)


@given(st.text(st.characters(codec="ascii")))
def test_any_text_is_a_query_or_is_refused_as_malformed(text: str) -> None:
    code = "MALFORMED_QUERY"
    try:
        parse(text)
    except Refused as refused:
        code = refused.code

    assert code == "MALFORMED_QUERY"


@pytest.mark.parametrize("text", ["TRUE", "false", "Null"])
def test_words_do_not_mind_their_case(text: str) -> None:
    assert literal(text).text == text.lower()
