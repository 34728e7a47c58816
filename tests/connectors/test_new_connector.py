"""`make new-connector` writes a connector that works at once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from throughline.testing.new_connector import Unfit, main, next_steps, start

ROOT = Path(__file__).parents[2]
# The package is installed elsewhere: its folder of connectors is told that there is another one.
RUN = """
import sys, pytest, throughline.connectors
throughline.connectors.__path__.append(sys.argv[1] + "/src/throughline/connectors")
told = ["-q", "-c", sys.argv[2], "--rootdir", sys.argv[1], "-p", "no:cacheprovider", sys.argv[1]]
raise SystemExit(pytest.main(told))
"""


@pytest.fixture
def started(tmp_path: Path) -> Path:
    start("time_sheets", tmp_path)
    return tmp_path


def test_what_it_writes_passes_the_contract_and_its_own_tests(started: Path) -> None:
    command = [sys.executable, "-c", RUN, str(started), str(ROOT / "pyproject.toml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "18 passed" in done.stdout


def test_what_it_writes_is_formatted_and_clean(started: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", started)
    # It tells imports of ours by the folders that are there.
    for package in ("core", "testing"):
        (started / "src/throughline" / package).symlink_to(ROOT / "src/throughline" / package)
    ruff = Path(sys.executable).with_name("ruff")
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        done = subprocess.run(
            [ruff, *command, "src/throughline/connectors", "tests"],
            cwd=started,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_it_leaves_nothing_to_fill_in_and_no_placeholder(started: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in started.rglob("*") if path.is_file()]

    assert len(texts) == 6
    assert not [text for text in texts if "TODO" in text or "$" in text or "FIXME" in text]


def test_it_never_writes_over_what_is_there(started: Path) -> None:
    ours = started / "src/throughline/connectors/time_sheets/api.py"
    ours.write_text("mine", encoding="utf-8")

    with pytest.raises(Unfit, match="is there already"):
        start("time_sheets", started)

    assert ours.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["", "Harvest", "../harvest", "har-vest", "1st", "x" * 60])
def test_a_name_that_python_or_a_path_cannot_bear_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="is no name for a connector"):
        start(name, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_the_command_says_what_it_wrote_and_what_to_do_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["harvest"], tmp_path) == 0
    said = capsys.readouterr().out
    assert main(["harvest"], tmp_path) == 1
    assert main([], tmp_path) == 2

    assert f"wrote src{os.sep}throughline" in said
    assert next_steps("harvest") in said
    assert 'harvest = "throughline.connectors.harvest:CONNECTOR"' in said
