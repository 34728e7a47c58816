"""Whose a folder is, and what of it may be forgotten."""

from pathlib import Path

import pytest

from throughline.cli.demo_folder import MADE, ours
from throughline.cli.exits import Exit, Stop
from throughline.store.embedded_locks import Lock


def made_by_a_demo(data: Path) -> Path:
    with ours(data, reset=False):
        for name in MADE:
            if name == "secret.key":
                (data / name).write_text("sealed", encoding="utf-8")
            else:
                (data / name / "inside").mkdir(parents=True)
    return data


def test_starting_over_forgets_what_the_demo_made_and_nothing_else(tmp_path: Path) -> None:
    data = made_by_a_demo(tmp_path / "data")
    (data / "notes.txt").write_text("mine", encoding="utf-8")

    with ours(data, reset=True):
        left = {path.name for path in data.iterdir()}
        inside = list((data / "sandbox").iterdir())

    assert left == {"notes.txt", "demo.lock", "sandbox"}
    assert inside == []


def test_without_starting_over_everything_stays(tmp_path: Path) -> None:
    data = made_by_a_demo(tmp_path / "data")

    with ours(data, reset=False):
        left = {path.name for path in data.iterdir()}

    assert left == {*MADE, "demo.lock"}


@pytest.mark.parametrize("reset", [False, True])
def test_a_database_that_is_not_a_demos_is_left_alone(reset: bool, tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)

    with pytest.raises(Stop) as stopped, ours(tmp_path, reset=reset):
        pass

    assert stopped.value.code == Exit.CONFLICT
    assert [path.name for path in tmp_path.iterdir()] == ["postgres"]


def test_a_folder_has_one_demo_at_a_time(tmp_path: Path) -> None:
    with ours(tmp_path, reset=False), pytest.raises(Stop) as stopped, ours(tmp_path, reset=True):
        pass

    assert stopped.value.code == Exit.CONFLICT
    assert "A demo runs in" in str(stopped.value)


@pytest.mark.parametrize("name", ["manager.lock", "server.lock"])
def test_a_database_somebody_uses_is_not_forgotten(name: str, tmp_path: Path) -> None:
    data = made_by_a_demo(tmp_path / "data")
    theirs = Lock(data / "postgres" / name)
    assert theirs.take()

    with pytest.raises(Stop) as stopped, ours(data, reset=True):
        pass

    theirs.close()
    assert stopped.value.code == Exit.CONFLICT
    assert (data / "firm").exists()
    assert (data / "postgres" / "inside").exists()


def test_a_database_that_lives_elsewhere_is_forgotten_there_too(tmp_path: Path) -> None:
    data, elsewhere = made_by_a_demo(tmp_path / "data"), tmp_path / "elsewhere" / "of-the-demo"
    elsewhere.mkdir(parents=True)
    (elsewhere / "belongs-to").write_text(f"{data / 'postgres'}\n", encoding="utf-8")
    (data / "postgres" / "location").write_text(f"{elsewhere}\n", encoding="utf-8")

    with ours(data, reset=True):
        assert not elsewhere.exists()
        assert not (data / "postgres").exists()


def test_a_database_elsewhere_that_belongs_to_another_folder_stays(tmp_path: Path) -> None:
    data, elsewhere = made_by_a_demo(tmp_path / "data"), tmp_path / "elsewhere" / "of-another"
    elsewhere.mkdir(parents=True)
    (elsewhere / "belongs-to").write_text("/somewhere/else\n", encoding="utf-8")
    (data / "postgres" / "location").write_text(f"{elsewhere}\n", encoding="utf-8")

    with ours(data, reset=True):
        assert elsewhere.exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(Stop) as stopped, ours(tmp_path / "file" / "data", reset=False):
        pass

    assert stopped.value.code == Exit.CONFIG
    assert "--data" in str(stopped.value)
