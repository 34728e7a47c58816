"""The most specific row wins; a tie is refused, and nothing is ever guessed."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.entities.terms import CommercialModel
from throughline.core.errors import Hold
from throughline.core.rows import KNOWN, PaymentTermsRow, RateRow, ServiceItemRow, TaxCodeRow, TemplateTaskRow
from throughline.core.tables import Ambiguous, OwnRow, Place, Table

CONDITIONS = ("colour", "shape", "size")
WORDS = st.sampled_from(["a", "b"])
CELLS = st.fixed_dictionaries(dict.fromkeys(CONDITIONS, st.none() | WORDS))
ASKED = st.fixed_dictionaries(dict.fromkeys(CONDITIONS, st.none() | WORDS))


def place(line: int = 2) -> Place:
    return Place(file="tables/t.csv", line=line)


def tax_row(line: int, **cells: str) -> TaxCodeRow:
    return TaxCodeRow.model_validate({"place": place(line), **cells})


def tax(*rows: TaxCodeRow) -> Table[TaxCodeRow]:
    return Table.of(TaxCodeRow, rows)


def own(rows: list[dict[str, str | None]]) -> Table[OwnRow]:
    made = tuple(OwnRow(place=place(at), cells={**cells, "answer": str(at)}) for at, cells in enumerate(rows, 2))
    return Table("own", CONDITIONS, ("answer",), made)


def test_a_row_with_more_conditions_wins_over_one_with_fewer() -> None:
    table = tax(tax_row(2, tax_code="ANY"), tax_row(3, legal_entity="DE", customer_country="FR", tax_code="BOTH"))

    assert table.lookup(legal_entity="DE", customer_country="FR") == table.rows[1]
    assert table.lookup(legal_entity="US", customer_country="FR") == table.rows[0]


def test_no_row_that_fits_is_none() -> None:
    table = tax(tax_row(2, legal_entity="DE", customer_country="DE", tax_code="DE-S19"))

    assert table.lookup(legal_entity="DE", customer_country="CH") is None


def test_what_is_not_known_fits_only_a_row_that_does_not_ask() -> None:
    table = tax(tax_row(2, legal_entity="DE", registered="yes", tax_code="DE-RC"))

    assert table.lookup(legal_entity="DE") is None
    assert table.lookup(legal_entity="DE", registered=None) is None


def test_a_flag_is_asked_for_as_yes_or_no() -> None:
    table = tax(tax_row(2, registered="yes", tax_code="RC"), tax_row(3, registered="no", tax_code="S19"))

    assert [table.translate("tax_code", {"registered": word}) for word in ("yes", "no")] == ["RC", "S19"]
    assert table.lookup(registered=True) == table.rows[0]
    assert table.lookup(registered=False) == table.rows[1]


def test_a_choice_of_ours_is_asked_for_by_its_value() -> None:
    row = ServiceItemRow(place=place(), commercial_model=CommercialModel.RETAINER, item="SVC", erp_id="104")

    assert Table.of(ServiceItemRow, (row,)).lookup(commercial_model=CommercialModel.RETAINER) == row
    assert Table.of(ServiceItemRow, (row,)).lookup(commercial_model="retainer") == row


def test_a_tie_names_both_rows_and_what_to_do() -> None:
    table = tax(tax_row(4, legal_entity="DE", tax_code="A"), tax_row(9, customer_country="CH", tax_code="B"))

    with pytest.raises(Ambiguous) as refused:
        table.lookup(legal_entity="DE", customer_country="CH")

    assert "tables/t.csv:4 and tables/t.csv:9" in refused.value.why
    assert "legal_entity DE, customer_country CH" in refused.value.why
    assert isinstance(refused.value, Hold)
    assert "Delete one" in refused.value.fix
    assert refused.value.rows == table.rows


def test_a_condition_the_table_does_not_have_is_a_defect_of_the_caller() -> None:
    with pytest.raises(TypeError, match="tax_codes has no column country here; it has legal_entity"):
        tax().lookup(country="DE")


def rate(line: int, since: str | None, hourly_rate: str) -> RateRow:
    cells = {"rate_card": "Standard", "role": "Analyst", "currency": "EUR", "effective_from": since}
    return RateRow.model_validate({"place": place(line), **cells, "hourly_rate": hourly_rate})


@pytest.mark.parametrize(
    ("day", "expected"), [("2024-12-31", "100"), ("2025-01-01", "110"), ("2026-06-30", "120"), ("2026-01-01", "120")]
)
def test_the_newest_rate_of_the_day_is_taken(day: str, expected: str) -> None:
    table = Table.of(RateRow, (rate(2, "2026-01-01", "120"), rate(3, None, "100"), rate(4, "2025-01-01", "110")))

    found = table.lookup(rate_card="Standard", role="Analyst", currency="EUR", day=date.fromisoformat(day))

    assert found is not None
    assert str(found.hourly_rate) == expected


def test_a_rate_that_begins_later_is_no_rate_yet() -> None:
    table = Table.of(RateRow, (rate(2, "2026-01-01", "120"),))

    assert table.lookup(rate_card="Standard", role="Analyst", currency="EUR", day=date(2025, 12, 31)) is None


def test_a_table_that_changes_over_time_must_be_asked_for_a_day() -> None:
    with pytest.raises(TypeError, match="say for which day"):
        Table.of(RateRow, (rate(2, None, "1"),)).lookup(rate_card="Standard", role="Analyst", currency="EUR")


def terms(line: int, name: str, erp_id: str) -> PaymentTermsRow:
    return PaymentTermsRow(place=place(line), terms=name, erp_id=erp_id)


def test_their_id_is_found_from_our_word_and_back() -> None:
    table = Table.of(PaymentTermsRow, (terms(2, "Net 15", "1"), terms(3, "Net 30", "2")))

    assert table.translate("erp_id", {"terms": "Net 30"}) == "2"
    assert table.translate("terms", {"erp_id": "2"}) == "Net 30"
    assert table.translate("terms", {"erp_id": "3"}) is None


def test_an_id_that_means_two_things_is_refused() -> None:
    table = Table.of(PaymentTermsRow, (terms(2, "Net 15", "2"), terms(3, "Net 30", "2")))

    with pytest.raises(Ambiguous, match=r"t\.csv:2 and tables/t\.csv:3"):
        table.translate("terms", {"erp_id": "2"})


def test_a_template_is_the_list_of_its_rows() -> None:
    def task(template: str, position: int) -> TemplateTaskRow:
        cells = {"template": template, "position": position, "title": "Work", "start_day": 0, "days": 1}
        return TemplateTaskRow.model_validate({"place": place(), **cells, "billable": "yes"})

    table = Table.of(TemplateTaskRow, (task("A", 1), task("B", 1), task("A", 2)))

    assert [row.position for row in table.find(template="A")] == [1, 2]
    assert table.find(template="C") == ()


def test_a_table_of_the_firms_own_is_asked_like_any_other() -> None:
    table = own([{"colour": "a", "shape": None, "size": None}])

    assert table.translate("answer", {"colour": "a"}) == "2"
    assert table.translate("colour", {"answer": "2"}) == "a"
    assert table.translate("shape", {"answer": "2"}) is None


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row.table)
def test_every_known_table_has_conditions_or_is_a_list(row: type[TaxCodeRow]) -> None:
    table = Table.of(row)

    assert table.results
    assert table.conditions or row.table == "template_tasks"
    assert "place" not in table.results


@given(rows=st.lists(CELLS, max_size=8, unique_by=lambda cells: tuple(cells.values())), asked=ASKED)
def test_the_winner_fits_and_nothing_that_fits_asks_for_as_much(
    rows: list[dict[str, str | None]], asked: dict[str, Any]
) -> None:
    table = own(rows)
    fitting = [r for r in rows if all(cell is None or cell == asked[name] for name, cell in r.items())]
    weights = sorted((sum(cell is not None for cell in r.values()) for r in fitting), reverse=True)

    try:
        found = table.lookup(**asked)
    except Ambiguous:
        assert weights[0] == weights[1]
        return

    if found is None:
        assert not fitting
    else:
        chosen = {name: found.cells[name] for name in CONDITIONS}
        assert chosen in fitting
        assert sum(cell is not None for cell in chosen.values()) == weights[0]
        assert len(weights) == 1 or weights[1] < weights[0]


@given(rows=st.lists(CELLS, max_size=8, unique_by=lambda cells: tuple(cells.values())), asked=ASKED, data=st.data())
def test_the_order_of_the_rows_never_decides(
    rows: list[dict[str, str | None]], asked: dict[str, Any], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(rows))

    def answer(table: Table[OwnRow]) -> object:
        try:
            found = table.lookup(**asked)
        except Ambiguous as refused:
            return {tuple(row.cell(name) for name in CONDITIONS) for row in refused.rows}
        return found and {name: found.cells[name] for name in CONDITIONS}

    assert answer(own(rows)) == answer(own(shuffled))
