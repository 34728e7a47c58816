"""`audit`, as an auditor uses it: keep a checkpoint, verify, prove, take home what is checked without us."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from throughline.cli.exits import Exit
from throughline.core.checkpoints import Verifier, notes
from throughline.demo import FIRM
from throughline.hub.audit import Sequencer
from throughline.main import machine
from throughline.settings import Settings
from throughline.store import journal


async def act(settings: Settings, *objects: str) -> None:
    """Somebody releases each of these, and the log is signed."""
    async with machine(settings) as built:
        for each in objects:
            await journal.note(built.pool, actor="Ada", action="released", object_=each, detail={}, now=built.clock())
        await built.pool.execute("update audit_waiting set engagement = 'deal-1' where object = 'hold-1'")
        assert built.signer
        await Sequencer(built.pool, built.signer, built.clock, built.anchor).tick()


async def forge(settings: Settings, *statements: str) -> None:
    async with machine(settings) as built, built.pool.acquire() as owner:
        await owner.execute("set session_replication_role = replica")
        for each in statements:
            await owner.execute(each)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    made = Settings(firm=FIRM, data=tmp_path, database_url=database_url, audit_anchor=str(tmp_path / "anchor.txt"))
    asyncio.run(act(made, "hold-1", "hold-2", "hold-3"))
    return made


@pytest.fixture
def there(settings: Settings) -> list[Any]:
    return ["--database-url", settings.database_url, "--data", settings.data, "--firm", FIRM]


def test_what_was_done_is_listed(there: list[Any], run: Run) -> None:
    said = run("audit", "list", "--json", *there).document

    assert [each["object"] for each in said] == ["hold-3", "hold-2", "hold-1"]
    assert [each["seq"] for each in run("audit", "list", "--engagement", "deal-1", "--json", *there).document] == [0]
    assert "hold-2" in run("audit", "list", *there).out
    chosen = run("audit", "list", "--actor", "Ada", "--object", "hold-2", "--since", "2026-01-01", "--json", *there)
    assert [each["seq"] for each in chosen.document] == [1]
    assert run("audit", "list", "--until", "2026-01-01", "--json", *there).document == []


def test_a_log_as_it_was_signed_is_fine(there: list[Any], run: Run) -> None:
    said = run("audit", "verify", "--json", *there)

    assert (said.code, said.document["fine"], said.document["leaves"]) == (Exit.DONE, True, 3)
    assert "Compared with no checkpoint from elsewhere" in run("audit", "verify", *there).err


def test_a_log_that_was_changed_is_not(there: list[Any], run: Run, settings: Settings) -> None:
    asyncio.run(forge(settings, "update audit_log set entry = replace(entry, 'Ada', 'Eve') where seq = 1"))

    said = run("audit", "verify", *there)

    assert said.code == Exit.FOUND
    assert "Leaf 1 was changed" in said.out
    assert run("audit", "prove", 1, *there).code == Exit.FOUND


def test_a_checkpoint_kept_as_it_was_printed_finds_a_cut_end(there: list[Any], run: Run, settings: Settings) -> None:
    kept = settings.data / "kept.txt"
    kept.write_text(run("audit", "checkpoint", *there).out + run("audit", "checkpoint", *there).out, encoding="utf-8")
    assert run("audit", "verify", "--kept", kept, *there).code == Exit.DONE
    asyncio.run(forge(settings, "delete from audit_log", "delete from audit_checkpoints", "delete from journal"))

    said = run("audit", "verify", "--kept", kept, *there)

    assert (said.code, run("audit", "verify", *there).code) == (Exit.FOUND, Exit.DONE)
    assert "is shorter than the checkpoint of 3 kept elsewhere" in said.out


def test_the_anchor_has_what_the_database_signed(there: list[Any], run: Run, settings: Settings) -> None:
    (anchored,) = notes((settings.data / "anchor.txt").read_text(encoding="utf-8"))
    said = run("audit", "checkpoint", "--json", *there).document

    assert anchored == said["checkpoint"]
    assert Verifier.of(said["public_key"]).read(anchored).size == 3
    assert run("audit", "verify", "--kept", settings.data / "anchor.txt", *there).code == Exit.DONE


def test_another_public_key_believes_nothing(there: list[Any], run: Run) -> None:
    other = Verifier("throughline/other", b"\x00" * 32).text

    assert run("audit", "verify", "--key", other, *there).code == Exit.FOUND
    assert run("audit", "verify", "--key", "none", *there).code == Exit.USAGE


def test_a_leaf_is_proved(there: list[Any], run: Run) -> None:
    said = run("audit", "prove", 2, "--json", *there).document

    assert (said["seq"], said["size"]) == (2, 3)
    assert "hold-3" in said["entry"]
    assert run("audit", "prove", 3, *there).code == Exit.FOUND


@pytest.mark.parametrize("what", [["deal-1"], ["--since", "2026-01-01", "--until", "2100-01-01"]])
def test_what_is_taken_home_is_checked_without_us(there: list[Any], run: Run, tmp_path: Path, what: list[str]) -> None:
    (tmp_path / "kept.txt").write_text(run("audit", "checkpoint", *there).out, encoding="utf-8")
    said = run("audit", "export", *what, "--kept", tmp_path / "kept.txt", "--to", tmp_path / "e.zip", "--json", *there)
    subprocess.run([sys.executable, "-m", "zipfile", "-e", tmp_path / "e.zip", tmp_path / "home"], check=True)

    command = [sys.executable, "-I", tmp_path / "home" / "verify.py", "--kept", tmp_path / "kept.txt"]
    checked = subprocess.run(command, capture_output=True, text=True, env={}, check=False)

    assert said.code == Exit.DONE
    assert checked.stdout.startswith("FINE: "), checked


def test_a_pack_is_checked_with_one_command_and_nothing_else_there(
    there: list[Any], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = run("audit", "checkpoint", "--json", *there).document["public_key"]
    (tmp_path / "kept.txt").write_text(run("audit", "checkpoint", *there).out, encoding="utf-8")
    made = run("audit", "export", "deal-1", "--kept", tmp_path / "kept.txt", "--to", tmp_path / "e.zip", *there)
    (tmp_path / "nowhere").mkdir()
    monkeypatch.chdir(tmp_path / "nowhere")

    checked = run("audit", "verify", "--pack", "../e.zip", "--key", key, "--kept", "../kept.txt")
    believed = run("audit", "verify", "--pack", "../e.zip")
    (tmp_path / "e.zip").write_bytes((tmp_path / "e.zip").read_bytes()[:-40])
    cut = run("audit", "verify", "--pack", "../e.zip", "--json")

    assert (made.code, checked.code, believed.code, cut.code) == (Exit.DONE, Exit.DONE, Exit.DONE, Exit.FOUND)
    assert "the log has only grown since the checkpoint you kept" in checked.out
    assert checked.err == ""
    assert "See `--key`" in believed.err
    assert "See `--kept`" in believed.err
    assert (cut.document["fine"], cut.document["told"].startswith("it cannot be read")) == (False, True)
    assert run("audit", "verify", "--pack", "../none.zip").code == Exit.USAGE
    assert list((tmp_path / "nowhere").iterdir()) == []


def test_what_cannot_be_exported_is_said(there: list[Any], run: Run, tmp_path: Path) -> None:
    to = ("--to", tmp_path / "e.zip")
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")

    assert run("audit", "export", *to, *there).code == Exit.USAGE
    assert run("audit", "export", "nobody", *to, *there).code == Exit.FOUND
    assert run("audit", "verify", "--kept", tmp_path / "empty.txt", *there).code == Exit.USAGE
    assert run("audit", "verify", "--kept", tmp_path / "nowhere.txt", *there).code == Exit.USAGE


def test_the_key_is_made_once_and_is_its_owners_alone(settings: Settings) -> None:
    path = settings.data / "audit.key"
    before = path.read_bytes()

    asyncio.run(act(settings, "hold-4"))

    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o600
