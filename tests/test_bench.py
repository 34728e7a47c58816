"""What is measured is chosen by its name, and what a measurement says it found is what was planted."""

import pytest

from bench import reconcile
from bench.__main__ import asked
from throughline.core.reconciliation.breaks import Break, Sort


@pytest.mark.parametrize("arguments", [["reconcile", "--json"], ["--only", "reconcile", "--json"]])
def test_one_measurement_is_named_alone_or_after_only(arguments: list[str]) -> None:
    wanted = asked(arguments)

    assert (wanted.only, wanted.json) == ("reconcile", True)


def test_two_measurements_at_once_are_refused() -> None:
    with pytest.raises(SystemExit):
        asked(["engine", "--only", "bulk"])


def test_a_break_under_the_wrong_name_is_not_found_but_invented() -> None:
    wrong = {1: Sort.RATE, 2: Sort.MISSING}
    found = [Break("time-0000001", sort, (), None, None) for sort in (Sort.RATE, Sort.AMOUNT)]

    assert reconcile.judged(found, wrong) == {"planted": 2, "found": 1, "false": 1}


async def test_as_many_of_every_sort_are_found_among_a_few_records_and_nothing_else(server_url: str) -> None:
    told = await reconcile.measured(database_url=server_url, records=400, planted=40)

    assert (told["planted"], told["found"], told["false"]) == (40, 40, 0)
