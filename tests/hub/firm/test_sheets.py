"""CSV as Excel writes it, from any country, loads; what could mean two things does not."""

import pytest

from throughline.core.rows import RateRow
from throughline.demo import FIRM
from throughline.hub.firm import FirmErrors, load_text, read_folder

DEMO = read_folder(FIRM)
TERMS = "when terms,erp_id\nNet 15,1\nNet 30,2\n"
RATES = "tables/rate_cards.csv"


def terms(text: str) -> list[tuple[str | None, str]]:
    table = load_text({**DEMO, "tables/payment_terms.csv": text}).table("payment_terms")
    return [(row.terms, row.erp_id) for row in table.rows]


@pytest.mark.parametrize(
    "text",
    [
        TERMS,
        "\ufeff" + TERMS,
        TERMS.replace("\n", "\r\n"),
        TERMS.replace("\n", "\r"),
        TERMS.replace(",", ";"),
        TERMS.replace(",", "\t"),
        "sep=;\r\n" + TERMS.replace(",", ";"),
        TERMS + ",\n,\n\n",
        TERMS.replace("Net 15", '"Net 15"'),
        TERMS.replace("Net 15", '  " Net 15 "  '),
        TERMS.replace("Net 15", "\u00a0Net 15 "),
        TERMS.replace("when terms", "Terms").replace("erp_id", "ERP id"),
        TERMS.replace("when terms", "When Terms").replace("erp_id", "Erp-ID"),
        TERMS.replace(",1", ",1,asked the bank").replace("erp_id", "erp_id,x-note"),
        TERMS.removesuffix("\n"),
        "\n\n" + TERMS,
    ],
)
def test_however_it_was_saved_the_table_is_the_same(text: str) -> None:
    assert terms(text) == [("Net 15", "1"), ("Net 30", "2")]


def test_a_quoted_cell_may_hold_separators_quotes_and_lines() -> None:
    assert terms('when terms,erp_id\n"Net 15, ""really""\nsoon",1\nNet 30,2\n')[0] == ('Net 15, "really"\nsoon', "1")


def test_a_row_below_a_cell_of_several_lines_is_still_pointed_at_rightly() -> None:
    with pytest.raises(FirmErrors) as refused:
        terms('when terms,erp_id\n"Net\n15",1\nNet 30,\n')

    (error,) = refused.value.errors
    assert (error.line, error.column, error.source) == (4, 8, "Net 30,")


def test_a_quote_that_is_never_closed_is_pointed_at() -> None:
    with pytest.raises(FirmErrors) as refused:
        terms('when terms,erp_id\nNet 15,"1\nNet 30,2\n')

    (error, *_) = refused.value.errors
    assert (error.line, error.column, error.message) == (2, 8, "this quote is never closed")


def test_an_empty_table_needs_a_header_at_least() -> None:
    with pytest.raises(FirmErrors, match="this table has no header line"):
        terms("\n\n")
    assert terms("when terms,erp_id\n") == []


def rates(cell: str, separator: str) -> str:
    rows = DEMO[RATES].replace("2024-01-01,380.00", f"2024-01-01,{cell}")
    return rows.replace(",", separator).replace("@", ",")


@pytest.mark.parametrize(
    ("cell", "separator", "expected"),
    [("380.50", ",", "380.50"), ("380@50", ";", "380.50"), ("380.50", ";", "380.50"), ("380", ";", "380")],
)
def test_a_decimal_comma_is_read_where_it_can_only_be_one(cell: str, separator: str, expected: str) -> None:
    table = load_text({**DEMO, RATES: rates(cell, separator)}).table(RateRow)

    assert str(table.rows[0].hourly_rate) == expected


@pytest.mark.parametrize(
    ("cell", "separator", "hint"),
    [
        ("1.380", ";", "no thousands separator"),
        ("1@380", ";", "no thousands separator"),
        ('"1@380"', ",", "nothing between thousands"),
        ("1.380@50", ";", "nothing between thousands"),
        ("USD 380", ",", "nothing between thousands"),
    ],
)
def test_a_number_that_could_be_two_is_refused(cell: str, separator: str, hint: str) -> None:
    with pytest.raises(FirmErrors) as refused:
        load_text({**DEMO, RATES: rates(cell, separator)})

    (error,) = refused.value.errors
    assert (error.line, error.where or "hourly_rate") == (2, "hourly_rate")
    assert hint in error.hint


def test_a_rate_of_three_decimals_is_refused_only_where_it_is_unclear() -> None:
    table = load_text({**DEMO, RATES: rates("380.125", ",")}).table(RateRow)

    assert str(table.rows[0].hourly_rate) == "380.125"


OWN = "when legal_entity,when size,discount code,x-why\nDE,large,D10,agreed\nDE,,D5,\n,,NONE,\n"


def test_a_table_the_firm_invented_is_asked_like_any_other() -> None:
    table = load_text({**DEMO, "tables/discounts.csv": OWN}).table("discounts")

    assert table.translate("discount_code", {"legal_entity": "DE", "size": "large"}) == "D10"
    assert table.translate("discount_code", {"legal_entity": "DE", "size": "small"}) == "D5"
    assert table.translate("discount_code", {"legal_entity": "US"}) == "NONE"
    assert str(table.rows[0].place) == "tables/discounts.csv:2"


def test_a_table_the_firm_invented_may_change_over_time() -> None:
    text = "when country,effective_from,index\nCH,,100\nCH,2026-01-01,103\n"
    table = load_text({**DEMO, "tables/inflation.csv": text}).table("inflation")

    from_day = {row.cell("index"): row.since for row in table.rows}
    assert table.dated
    assert str(from_day["103"]) == "2026-01-01"


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("terms,erp_id\nNet 15,1\n", "unknown-table", "did you mean `payment_terms`?"),
        ("when terms\nNet 15\n", "unknown-table", "begin each condition's column with `when`"),
        ("when day,result\n1,2\n", "wrong-form", "begin with a letter"),
        ("when terms,when terms,result\n1,2,3\n", "duplicate-key", "delete one"),
        ("when legal_entity,result\nFR,1\n", "unknown-word", "known: DE, UK, US"),
        ("when country,result\nUK,1\n", "unknown-country", "did you mean `GB`?"),
        ("when currency,result\nEURO,1\n", "unknown-word", "did you mean `EUR`?"),
        ("when terms,result\nA,1\nA,2\n", "duplicate-row", "delete one of the two"),
        ("when terms,effective_from,result\nA,soon,1\n", "wrong-type", "2026-01-31"),
        ("when terms,result\n*,1\n", "unknown-word", "leave the cell blank"),
    ],
)
def test_a_mistake_in_a_table_the_firm_invented_is_told(text: str, code: str, hint: str) -> None:
    with pytest.raises(FirmErrors) as refused:
        load_text({**DEMO, "tables/payment_term.csv": text})

    (error,) = refused.value.errors
    assert (error.file, error.code) == ("tables/payment_term.csv", code)
    assert hint in error.hint
