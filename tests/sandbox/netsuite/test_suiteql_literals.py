"""SuiteQL literals and dates, whatever is in them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.sandbox.netsuite.oracle_dates import format_date, parse_date
from throughline.sandbox.netsuite.suiteql_run import run
from throughline.sandbox.netsuite.suiteql_values import Values, like
from throughline.sandbox.netsuite.suiteql_words import SqlError
from throughline.sandbox.netsuite.wire import plain, read, write
from throughline.sandbox.shelf import Shelf

ISO = 'YYYY-MM-DD"T"HH24:MI:SS'
VALUES = Values(ZoneInfo("America/Los_Angeles"), datetime(2026, 11, 20, 10, tzinfo=UTC))
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(lambda at: at.replace(microsecond=0))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.fixture(scope="module")
def shelf() -> Iterator[Shelf]:
    shelf = Shelf()
    shelf.create("currency", "1", {"id": "1", "name": "USD", "lastModifiedDate": "2026-11-20T10:00:00Z"})
    yield shelf
    shelf.close()


@given(text=TEXTS)
def test_a_text_literal_means_what_it_says(shelf: Shelf, text: str) -> None:
    literal = text.replace("'", "''")

    rows = run(f"SELECT '{literal}' AS said FROM currency WHERE '{literal}' = '{literal}'", shelf, VALUES)

    assert rows == ([{"said": text}] if text else []), "to Oracle, an empty text is null"


@given(number=st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_a_number_literal_is_exact(shelf: Shelf, number: Decimal) -> None:
    assert run(f"SELECT {number:f} AS said FROM currency", shelf, VALUES) == [{"said": plain(number)}]


@given(sql=TEXTS)
def test_no_nonsense_does_more_than_be_refused(shelf: Shelf, sql: str) -> None:
    for query in (sql, f"SELECT {sql} FROM currency", f"SELECT id FROM currency WHERE {sql}"):
        try:
            run(query, shelf, VALUES)
        except SqlError:
            continue


@given(at=MOMENTS)
def test_a_utc_question_is_answered_the_same_in_every_hour(shelf: Shelf, at: datetime) -> None:
    """Also in the hours that daylight saving skips or repeats."""
    kept = at.replace(tzinfo=UTC)
    shelf.update("currency", "1", {"id": "1", "lastModifiedDate": kept.isoformat().replace("+00:00", "Z")})
    literal = f"TO_TIMESTAMP('{kept:%Y-%m-%dT%H:%M:%S}', '{ISO}')"
    zoned = f"TO_TIMESTAMP_TZ('{kept:%Y-%m-%dT%H:%M:%S}+00:00', '{ISO}TZH:TZM')"
    utc = "SYS_EXTRACT_UTC(lastmodifieddate)"

    rows = run(
        f"SELECT TO_CHAR({utc}, '{ISO}') AS at FROM currency WHERE {utc} = {literal} AND lastmodifieddate = {zoned}",
        shelf,
        VALUES,
    )

    assert rows == [{"at": f"{kept:%Y-%m-%dT%H:%M:%S}"}]


@given(at=MOMENTS, minutes=st.integers(-14 * 60, 14 * 60))
def test_a_formatted_date_is_read_back(at: datetime, minutes: int) -> None:
    ahead = timedelta(minutes=minutes)
    zoned = at.replace(tzinfo=timezone(ahead))

    assert parse_date(format_date(at, ISO), ISO) == at
    assert parse_date(format_date(zoned, f"{ISO}TZH:TZM"), f"{ISO}TZH:TZM") == zoned
    assert parse_date(format_date(at, "DD-MON-YYYY HH:MI:SS AM"), "DD-MON-YYYY HH:MI:SS AM") == at


@given(text=TEXTS)
def test_like_without_wildcards_is_equality(text: str) -> None:
    pattern = text.replace("%", "").replace("_", "")

    assert like(pattern)(pattern)
    assert like(f"%{pattern}")(f"x{pattern}")
    assert not like(pattern)(f"{pattern}x")


@given(number=st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_a_number_survives_the_wire(number: Decimal) -> None:
    assert read(write({"n": number}).encode())["n"] == number
