"""What does not tie between two rungs of the money ladder has a name; what is not there yet is no fault."""

from decimal import Decimal
from typing import Any

import pytest

from throughline.core.worth import Gap, Rung, gaps

TM, FIXED = "time_and_materials", "fixed_fee"


def worth(**said: str) -> dict[Rung, dict[str, Decimal]]:
    return {Rung(name): {"EUR": Decimal(amount)} for name, amount in said.items()}


@pytest.mark.parametrize(
    ("model", "said", "found"),
    [
        (FIXED, {"sold": "100"}, []),
        (FIXED, {"sold": "100", "contracted": "100.00", "planned": "100"}, []),
        (FIXED, {"sold": "100.40", "planned": "100"}, []),
        (FIXED, {"sold": "100", "contracted": "90"}, [("Sold, not contracted", "10", False)]),
        (FIXED, {"sold": "90", "contracted": "100"}, [("Contracted, not sold", "10", False)]),
        (FIXED, {"sold": "102", "planned": "100"}, [("Sold, not planned", "2", False)]),
        (FIXED, {"worked": "50", "approved": "40"}, [("Worked, not approved", "10", True)]),
        (FIXED, {"sold": "100", "approved": "40"}, []),
        (FIXED, {"sold": "100", "billed": "101"}, [("Billed beyond what was sold", "1", False)]),
        (FIXED, {"sold": "100", "billed": "60", "paid": "20"}, []),
        (TM, {"approved": "214.30", "billed": "151.90"}, [("Approved, not billed", "62.40", True)]),
        (TM, {"approved": "10", "billed": "12"}, [("Billed, not approved", "2", False)]),
        (TM, {"sold": "100", "approved": "130", "billed": "130"}, []),
        (FIXED, {"sold": "9", "billed": "9", "recognised": "7"}, [("Billed, not recognised", "2", False)]),
    ],
)
def test_each_difference_has_its_name(model: str, said: dict[str, str], found: list[Any]) -> None:
    assert gaps(worth(**said), model) == tuple(Gap(name, Decimal(by), "EUR", tied=tied) for name, by, tied in found)


def test_currencies_are_never_mixed() -> None:
    said = {Rung.SOLD: {"EUR": Decimal(5)}, Rung.CONTRACTED: {"USD": Decimal(5)}}

    assert [(gap.name, gap.currency) for gap in gaps(said, FIXED)] == [
        ("Sold, not contracted", "EUR"), ("Contracted, not sold", "USD"),
    ]  # fmt: skip
