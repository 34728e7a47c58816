"""One demo that runs for the whole session, in a process of its own; commands run in this one, as a terminal would."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import structlog

from throughline.cli.program import main

PROGRAM = (sys.executable, "-c", "from throughline.cli import run; run()")
OPTIONS = ("--no-browser", "--port", 0, "--data")
SYSTEMS = ("salesforce", "netsuite", "kantata", "slack", "workday")
PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it said to whom."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        told = json.loads(self.out)
        assert set(told) == {"schema", "data"}
        assert told["schema"].startswith("throughline.")
        assert told["schema"].endswith("/1")
        return told["data"]


type Run = Callable[..., Said]


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Generator[None]:
    """No setting of whoever runs the tests, nor a folder of theirs; and the log goes back to where it was."""
    for name in unwanted():
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    yield
    structlog.reset_defaults()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command in this process."""

    def one(*arguments: object) -> Said:
        capsys.readouterr()
        try:
            code = main([str(each) for each in arguments])
        finally:
            said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return one


def unwanted() -> list[str]:
    return [name for name in os.environ if name.startswith("THROUGHLINE_") or name in {"DATABASE_URL", "COLUMNS"}]


def environment(**more: str) -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if name not in unwanted()}, **more}


@contextmanager
def started(*arguments: object) -> Generator[subprocess.Popen[str]]:
    """A command as a process of its own; whatever happens, it and what it started are gone afterwards."""
    command = [*PROGRAM, *map(str, arguments)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str], number: signal.Signals | None = None) -> Said:
    if number is not None:
        process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return Said(process.returncode, out, err)


def read_until(process: subprocess.Popen[str], *words: str) -> str:
    """What it said to stderr, up to the line that has one of these words."""
    assert process.stderr
    said = ""
    for line in process.stderr:
        said += line
        if any(word in line for word in words):
            return said
    raise AssertionError(f"it ended before it said {words}: {said}")


def eventually[T](look: Callable[[], T | None], what: str) -> T:
    """The first thing that is found. Processes keep their own time, so there is no clock to drive."""
    patience = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < patience:
        if found := look():
            return found
        time.sleep(LOOK_SECONDS)
    raise AssertionError(f"{what} did not happen within {PATIENCE_SECONDS:.0f} s")


def at_work_on(folder: Path) -> list[psutil.Process]:
    """Every process that was told this folder's name: the estate, the database and its guard, and the program."""
    found: list[psutil.Process] = []
    for each in psutil.process_iter():
        try:
            if each.pid != os.getpid() and any(str(folder) in word for word in each.cmdline()):
                found.append(each)
        except psutil.Error:
            continue
    return found


@contextmanager
def folder() -> Generator[Path]:
    """A folder the database's own user can reach too."""
    path = Path(tempfile.mkdtemp(prefix="throughline-cli-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        nobody_is_left(path)
        shutil.rmtree(path)


@dataclass(frozen=True, slots=True)
class FirstRun:
    """A demo that ended by itself when its project was open: where, what it said, and what the systems counted."""

    data: Path
    said: Said
    made: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that runs, and what it said of its first deal."""

    data: Path
    process: subprocess.Popen[str]
    told: dict[str, Any]
    heard: str

    @property
    def handout(self) -> dict[str, Any]:
        return json.loads((self.data / "sandbox" / "handout.json").read_text(encoding="utf-8"))

    def ask(self, system: str, what: str) -> Any:
        """One question to a simulator's control interface."""
        address = f"{self.handout[system]['url']}/__sandbox__/{what}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return json.load(answer)

    def tell(self, system: str, what: str, body: object) -> Any:
        """One thing done through a simulator's control interface."""
        address = f"{self.handout[system]['url']}/__sandbox__/{what}"
        wish = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(wish, timeout=10) as answer:
            return json.load(answer)


@pytest.fixture(scope="session")
def first_run() -> Generator[FirstRun]:
    with folder() as data:
        with started("demo", "--until", "project-open", "--json", *OPTIONS, data) as process:
            said = ended(process)
        nobody_is_left(data)
        yield FirstRun(data, said, {system: made(data, system) for system in SYSTEMS})


@pytest.fixture(scope="session")
def demo(first_run: FirstRun) -> Generator[Demo]:
    """The second start in the same folder: it goes on until the session ends, and then by Ctrl-C."""
    data = first_run.data
    with started("demo", "--json", *OPTIONS, data) as process:
        heard = read_until(process, "starts over")
        assert process.stdout
        told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")["data"]
        yield Demo(data, process, told, heard)
        said = ended(process, signal.SIGINT)
        nobody_is_left(data)
    assert said.code == 0, said.err
    assert "Traceback" not in said.err


def made(data: Path, system: str) -> dict[str, int]:
    """How many of each kind a simulator has counted as made, beyond those it was seeded with."""
    with closing(sqlite3.connect(f"file:{data}/sandbox/{system}.sqlite?mode=ro", uri=True)) as shelf:
        return dict(shelf.execute("select kind, n from counts where verb = 'created'").fetchall())


def nobody_is_left(data: Path) -> bool:
    return eventually(lambda: not at_work_on(data), f"the end of all that worked in {data}")


@pytest.fixture
def on_demo(demo: Demo, run: Run) -> Run:
    """Run one command on the demo's data."""

    def one(*arguments: object) -> Said:
        return run(*arguments, "--data", demo.data)

    return one
