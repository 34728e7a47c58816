"""The guide is true: its example loads, and its table of tables is the one the program has."""

import re
from pathlib import Path

import pytest

from throughline.core.rows import KNOWN
from throughline.core.tables import Row
from throughline.hub.firm import FirmErrors, load_text

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "firm-folder.md").read_text(encoding="utf-8")
EXAMPLE = dict(re.findall(r"\*\*`([^`]+)`\*\*\n\n```\w+\n(.*?)```", GUIDE, re.DOTALL))
LISTED = {
    name: (set(re.findall("`(.+?)`", conditions)), set(re.findall("`(.+?)`", results)))
    for name, conditions, results in re.findall(r"^\| `tables/(\w+)\.csv` \|(.*?)\|(.*?)\|$", GUIDE, re.MULTILINE)
}


def test_the_example_is_a_whole_firm() -> None:
    firm = load_text(EXAMPLE, connectors=["salesforce"])

    assert firm.name == "Example Advisory"
    assert firm.policy().owner("customer", "payment_terms") == "hub"
    assert firm.table("discounts").translate("discount_code", {"legal_entity": "DE"}) == "NONE"
    assert firm.table("tax_items").translate("erp_id", {"tax_code": "DE-RC"}) == "205"


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row.table)
def test_every_table_is_listed_with_its_columns(row: type[Row]) -> None:
    conditions, results = LISTED[row.table]

    assert conditions == set(row.conditions())
    assert results == set(row.columns()) - conditions


def test_no_table_is_listed_that_there_is_not() -> None:
    assert set(LISTED) == {row.table for row in KNOWN}


def test_the_report_in_the_guide_is_what_is_shown() -> None:
    slack = "conector: slack\nroles: [chat]\nurl: http://127.0.0.1\n"

    with pytest.raises(FirmErrors) as refused:
        load_text({**EXAMPLE, "systems/slack.yaml": slack})

    assert str(refused.value.errors[0]) in GUIDE
