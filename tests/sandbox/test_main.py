"""The estate as a process of its own: it says where it is, ends when told, and never outlives its parent."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from throughline.sandbox.__main__ import end_with

ESTATE = """
import sys
from throughline.sandbox.__main__ import main
from throughline.sandbox.slack import Slack
sys.exit(main(sys.argv[1:], {"slack": Slack}))
"""
# A parent that starts an estate, passes on what it says, and then only waits.
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, *sys.argv[1:]], stdout=subprocess.PIPE, text=True)
print(child.pid, child.stdout.readline(), flush=True)
time.sleep(60)
"""

type Process = subprocess.Popen[str]


@contextmanager
def started(*command: str) -> Generator[Process]:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, *command], text=True, stdout=pipe, stderr=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: Process) -> str:
    assert process.stdout
    line = process.stdout.readline()
    assert line, process.stderr and process.stderr.read()
    return line


def answers(url: str) -> bool:
    with urllib.request.urlopen(f"{url}/api/api.test", timeout=5) as answer:
        return json.load(answer)["ok"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_in_one_line_and_ends_when_told(tmp_path: Path, number: signal.Signals) -> None:
    with started("-c", ESTATE, "--folder", str(tmp_path), "--seed", "7") as process:
        addresses = json.loads(said(process))
        works = answers(addresses["slack"])

        process.send_signal(number)
        rest, complaints = process.communicate(timeout=10)

    assert works
    assert set(addresses) == {"slack", "gateway", "ca", "handout"}
    assert json.loads(Path(addresses["handout"]).read_text(encoding="utf-8"))["slack"]["url"] == addresses["slack"]
    assert (process.returncode, rest, complaints) == (0, "", "")


def test_a_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    with started("-c", PARENT, "-c", ESTATE, "--folder", str(tmp_path)) as parent:
        pid, addresses = said(parent).split(" ", 1)
        estate = psutil.Process(int(pid))
        works = answers(json.loads(addresses)["slack"])

        parent.kill()
        parent.wait()
        since = time.monotonic()
        estate.wait(timeout=10)

    assert works
    assert time.monotonic() - since < 5


def test_a_thread_of_the_parent_that_ends_is_not_the_parent(tmp_path: Path) -> None:
    """The kernel's signal comes when the starting thread ends, too."""
    with started("-c", ESTATE, "--folder", str(tmp_path)) as process:
        addresses = json.loads(said(process))

        process.send_signal(signal.SIGUSR1)

        assert answers(addresses["slack"])
        assert process.poll() is None


async def test_without_the_kernels_signal_it_sees_that_its_parent_is_gone() -> None:
    alive, gone = asyncio.Event(), asyncio.Event()
    watching = asyncio.create_task(end_with(os.getppid(), alive))

    await end_with(-1, gone)
    watching.cancel()

    assert gone.is_set()
    assert not alive.is_set()


def test_a_parent_gone_before_the_start_ends_it_at_once(tmp_path: Path) -> None:
    with started("-c", ESTATE, "--folder", str(tmp_path), "--parent", "1999999") as process:
        process.communicate(timeout=10)

    assert process.returncode == 0


def test_a_taken_port_is_said_plainly(tmp_path: Path) -> None:
    with started("-c", ESTATE, "--folder", str(tmp_path / "one")) as first:
        port = json.loads(said(first))["slack"].rpartition(":")[2]
        with started("-c", ESTATE, "--folder", str(tmp_path / "two"), "--slack-port", port) as second:
            _, complaints = second.communicate(timeout=10)

    assert second.returncode == 1
    assert complaints.startswith("The estate cannot open")
    assert port in complaints
    assert "Traceback" not in complaints


def test_importing_the_estate_does_not_import_the_simulators() -> None:
    look = "import sys, throughline.sandbox.__main__; print([name for name in sys.modules if 'slack' in name])"

    with started("-c", look) as process:
        assert said(process).strip() == "[]"
