"""A file of readings is read whole, or what is wrong with it is said line by line."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from throughline.cli.exits import Exit, Stop
from throughline.cli.usage import read
from throughline.core.entities import Unit
from throughline.hub.usage import Metered

HEAD = "reference,of,day,quantity,unit,line,approved_by"


def file(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "readings.csv"
    path.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    return path


def test_every_line_is_a_reading_and_an_empty_cell_says_nothing(tmp_path: Path) -> None:
    (found,) = read(file(tmp_path, "meter-7,SO1042,2026-11-19,1250.50,each,,"))

    assert found == Metered(
        reference="meter-7", of="SO1042", day=date(2026, 11, 19), quantity=Decimal("1250.50"), unit=Unit.EACH
    )
    assert (str(found.quantity), found.approved_by) == ("1250.50", None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("meter-7,SO1042,19.11.2026,1,each,,", "line 3: day"),
        ("meter-7,SO1042,2026-11-19,much,each,,", "line 3: quantity"),
        ("meter-7,SO1042,2026-11-19,1,gallon,,", "line 3: unit"),
        (",SO1042,2026-11-19,1,each,,", "line 3: reference: Field required"),
    ],
)
def test_what_is_wrong_is_named_by_its_line_and_column(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(Stop, match=said) as stopped:
        read(file(tmp_path, "meter-7,SO1042,2026-11-19,1,each,,", line))

    assert stopped.value.code == Exit.USAGE


def test_a_column_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(f"{HEAD},price\nmeter-7,SO1042,2026-11-19,1,each,,,5\n", encoding="utf-8")

    with pytest.raises(Stop, match="line 2: price"):
        read(path)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="cannot be read"):
        read(tmp_path / "nowhere.csv")
