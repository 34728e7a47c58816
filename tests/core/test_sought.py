"""What somebody typed may be an amount, in the ways people write amounts."""

from decimal import Decimal

import pytest

from throughline.core.sought import amounts


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("62400", ["62400"]),
        ("62,400.00", ["62400.00"]),
        ("62.400,00", ["62400.00"]),
        ("62 400,50", ["62400.50"]),
        ("62'400.50", ["62400.50"]),
        ("1,234,567", ["1234567"]),
        ("1,234,567.8", ["1234567.8"]),
        ("EUR 62,400.00", ["62400.00"]),
        ("62400 EUR", ["62400"]),
        ("€62400", ["62400"]),
        ("-12.50", ["-12.50"]),
    ],
)
def test_an_amount_is_read_however_it_is_written(said: str, meant: list[str]) -> None:
    assert amounts(said) == tuple(Decimal(each) for each in meant)


@pytest.mark.parametrize("said", ["62,400", "62.400"])
def test_thousands_here_and_a_fraction_there_are_both_looked_for(said: str) -> None:
    assert amounts(said) == (Decimal(62400), Decimal("62.400"))


@pytest.mark.parametrize("said", ["", "INV-1042", "EUR", "1.2,3.4", "12-34", "Halden 62400", "9" * 31, "1e5", "٣"])
def test_what_is_no_amount_is_none(said: str) -> None:
    assert amounts(said) == ()
