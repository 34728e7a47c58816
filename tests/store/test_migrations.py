"""Migrations only go forward: add, fill, switch, drop, each in a release of its own."""

import re
from pathlib import Path

import pytest

from throughline.store.database import AWAY, MIGRATIONS, UNWRITABLE, Pool

FILES = sorted(MIGRATIONS.glob("*"))


def test_each_has_a_number_of_its_own_and_there_is_no_way_back() -> None:
    numbers = [file.name[:4] for file in FILES]
    assert numbers == sorted(set(numbers))
    assert all(re.fullmatch(r"\d{4}_[a-z_]+\.sql", file.name) for file in FILES)
    assert not [file.name for file in FILES if "down" in file.name or "revert" in file.name]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_nothing_in_them_decides_by_the_database_s_own_clock_or_chance(file: Path) -> None:
    said = re.sub("--.*", "", file.read_text()).lower()

    assert not re.findall(
        r"now\(\)|current_timestamp|clock_timestamp|random\(\)|gen_random_uuid|default",
        said.replace("generated always as identity", ""),
    )


def test_one_that_drops_does_nothing_else() -> None:
    """A release that still runs must not lose what it reads: what is dropped was left alone by the release before."""
    for file in FILES:
        # A column whose numbers come from elsewhere, or which may be empty from now on, is still there to be read.
        said = re.sub("--.*|drop (identity|not null)", "", file.read_text()).lower()
        assert not ("drop " in said and ("create " in said or " add " in said)), file.name


async def test_no_statement_of_ours_asks_the_database_for_the_time(pool: Pool) -> None:
    folder = MIGRATIONS.parent
    said = {file.name: file.read_text() for file in folder.glob("*.py") if not file.name.startswith("embedded")}

    assert [name for name, text in said.items() if re.search(r"now\(\)|current_timestamp|random\(\)", text)] == []
    assert await pool.fetchval("select count(*) from migrations") == len(FILES)


def test_what_may_pass_by_itself_and_what_never_will_are_told_apart() -> None:
    assert not set(AWAY) & set(UNWRITABLE)
    assert not any(issubclass(one, other) or issubclass(other, one) for one in AWAY for other in UNWRITABLE)
