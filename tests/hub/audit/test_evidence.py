"""What an auditor takes home is checked in a process that knows nothing of us; whatever is changed in it is found."""

import hashlib
import json
import random
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests.hub.audit.conftest import SIGNER, Log
from throughline.core.checkpoints import Checkpoint, Signer
from throughline.core.manifests import manifest
from throughline.hub.audit import evidence, offline
from throughline.hub.audit.evidence import Wanted
from throughline.hub.audit.proving import NoSuchLeaf, NotProvable
from throughline.store import captures, journal
from throughline.store.captures import Capture

COUNT, ENGAGEMENT = 11, "deal-7"


@dataclass(frozen=True, slots=True)
class Home:
    """A pack, unpacked at the auditor's."""

    folder: Path

    def check(self, *options: str) -> str:
        """Runs without our code, our packages' settings or our environment: -I, and an empty environment."""
        packages = sysconfig.get_paths()["purelib"]
        run = "runpy.run_path(sys.argv.pop(1), run_name='__main__')"
        program = f"import sys, runpy; sys.path.append({packages!r}); {run}"
        script = str(self.folder / "verify.py")
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", program, script, *options],
            capture_output=True, text=True, env={}, cwd="/", check=False,
        )  # fmt: skip
        assert done.stderr == ""
        assert (done.returncode == 0) == done.stdout.startswith("FINE: ")
        return done.stdout

    def change(self, name: str, how: Callable[[str], str]) -> None:
        path = self.folder / name
        before = path.read_text(encoding="utf-8")
        path.write_text(how(before), encoding="utf-8")
        assert path.read_text(encoding="utf-8") != before

    def sign(self, signer: Signer) -> None:
        """As only whoever has the key can."""
        files = [path for path in self.folder.iterdir() if path.name != "manifest.txt"]
        digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
        self.change("manifest.txt", lambda _: manifest(signer, digests))

    def lines(self, how: Callable[[list[str]], list[str]]) -> None:
        self.change("leaves.jsonl", lambda text: "".join(f"{each}\n" for each in how(text.splitlines())))


@pytest.fixture
async def filled(log: Log) -> Log:
    for n in range(COUNT):
        await log.pool.execute(
            """insert into audit_waiting (at, actor, action, object, engagement, digest)
               values ($1, 'Ada', 'answered', $2, $3, 'd')""",
            log.clock(), f"hold-{n}", ENGAGEMENT if n % 3 == 0 else "deal-8",
        )  # fmt: skip
        log.clock.advance(60)
        await log.tick()
    exchanged = Capture(
        log.clock(), "north", "out", "done", "GET", "http://127.0.0.1/x", 200, "fine", 1.5, ENGAGEMENT, None, {},
        b"asked", {}, b"answered",
    )  # fmt: skip
    await captures.keep(log.pool, [exchanged] * 2)
    return log


@pytest.fixture
def home(filled: Log, tmp_path: Path) -> Callable[..., Any]:
    async def taken(**wanted: Any) -> Home:
        pack = await evidence.export(filled.machine, Wanted(**wanted), tmp_path / "evidence.zip")
        with ZipFile(pack.path) as archive:
            archive.extractall(tmp_path / "home")
        return Home(tmp_path / "home")

    return taken


def period(log: Log) -> dict[str, Any]:
    now = log.clock()
    return {"since": now - timedelta(minutes=8), "until": now - timedelta(minutes=2)}


async def test_an_engagement_is_checked_offline(home: Any) -> None:
    found: Home = await home(engagement=ENGAGEMENT)

    assert found.check("--key", SIGNER.verifier.text) == (
        f"FINE: 4 leaves of engagement {ENGAGEMENT}: as signed in the checkpoint of {COUNT}.\n"
    )


async def test_a_period_is_checked_offline_and_has_all_of_it(home: Any, filled: Log) -> None:
    found: Home = await home(**period(filled))

    assert found.check().startswith("FINE: 6 leaves of ")
    said = [json.loads(each)["seq"] for each in (found.folder / "leaves.jsonl").read_text().splitlines()]
    assert said == list(range(3, 9))


async def test_the_zip_itself_is_checked_too(home: Any, tmp_path: Path) -> None:
    found: Home = await home(engagement=ENGAGEMENT)

    assert found.check(str(tmp_path / "evidence.zip")).startswith("FINE: 4 leaves")


async def test_with_a_checkpoint_kept_the_growth_is_shown(home: Any, filled: Log, tmp_path: Path) -> None:
    kept = (await filled.notes())[4]
    (tmp_path / "kept.txt").write_text(kept, encoding="utf-8")
    for wanted in ({"engagement": ENGAGEMENT}, period(filled)):
        found: Home = await home(kept=kept, **wanted)

        said = found.check("--kept", str(tmp_path / "kept.txt"))
        assert "the log has only grown since the checkpoint you kept" in said


@pytest.mark.parametrize("size", range(1, 20))
async def test_logs_of_every_size_are_checked(log: Log, size: int, tmp_path: Path) -> None:
    await log.done(size)
    kept = (await log.notes())[size // 2]
    (tmp_path / "kept.txt").write_text(kept, encoding="utf-8")
    since, until = log.clock() - timedelta(seconds=size // 2 + 1), log.clock()
    await evidence.export(log.machine, Wanted(None, since, until, kept), tmp_path / "home.zip")
    with ZipFile(tmp_path / "home.zip") as archive:
        archive.extractall(tmp_path / "home")

    assert Home(tmp_path / "home").check("--kept", str(tmp_path / "kept.txt")).startswith("FINE: ")


async def test_a_log_of_many_subtrees_is_checked(log: Log, tmp_path: Path) -> None:
    """More than one of the subtrees that are kept, entered in batches that do not end where they do."""
    await log.pool.execute(
        """insert into audit_waiting (at, actor, action, object, engagement)
           select $1::timestamptz + n * interval '1 second', 'a', 'b', 'c-' || n, 'e-' || n % 400
           from generate_series(0, 1299) as n""",
        log.clock(),
    )
    await log.tick()
    await log.done(1)
    for wanted in (
        Wanted("e-399"),
        Wanted(None, log.clock() + timedelta(minutes=5), log.clock() + timedelta(minutes=9)),
    ):
        await evidence.export(log.machine, wanted, tmp_path / "home.zip")
        with ZipFile(tmp_path / "home.zip") as archive:
            archive.extractall(tmp_path / "home")

        assert Home(tmp_path / "home").check().startswith("FINE: "), wanted
    assert await log.pool.fetchval("select count(*) from audit_nodes where level = 8") == 5
    assert (await log.verified()).fine


CHANGES: dict[str, Callable[[list[str]], list[str]]] = {
    "edited": lambda lines: [lines[0].replace("Ada", "Eve"), *lines[1:]],
    "deleted": lambda lines: [*lines[:1], *lines[2:]],
    "put in": lambda lines: [*lines[:2], lines[1], *lines[2:]],
    "reordered": lambda lines: [lines[1], lines[0], *lines[2:]],
    "cut": lambda lines: lines[:-1],
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_period_that_was_changed_is_found(home: Any, filled: Log, change: str) -> None:
    found: Home = await home(**period(filled))
    found.lines(CHANGES[change])
    count = len((found.folder / "leaves.jsonl").read_text().splitlines())
    if count != 6:
        found.change("pack.json", lambda text: text.replace('"leaves": 6', f'"leaves": {count}'))

    assert found.check().startswith("WRONG: ")


@pytest.mark.parametrize("change", ["edited", "deleted", "put in", "cut"])
async def test_an_engagement_that_was_changed_is_found(home: Any, change: str) -> None:
    found: Home = await home(engagement=ENGAGEMENT)
    found.lines(CHANGES[change])

    assert found.check().startswith("WRONG: ")


async def test_a_leaf_shown_at_another_place_is_found(home: Any) -> None:
    found: Home = await home(engagement=ENGAGEMENT)
    found.change("leaves.jsonl", lambda text: text.replace('"seq": 3,', '"seq": 2,'))

    assert "does not lead to the checkpoint" in found.check()


async def test_a_checkpoint_changed_or_signed_by_another_is_found(home: Any) -> None:
    found: Home = await home(engagement=ENGAGEMENT)
    root = SIGNER.verifier.read((found.folder / "checkpoint.txt").read_text(encoding="utf-8")).root
    other = Signer(b"\x66" * 32)

    found.change("checkpoint.txt", lambda _: other.sign(Checkpoint(COUNT, root)))

    assert "not signed with the public key" in found.check()
    found.change("public-key.txt", lambda _: other.verifier.text)
    assert "manifest.txt is not signed with the public key" in found.check()
    found.sign(other)
    assert found.check().startswith("FINE: ")  # who believes the key of the pack believes its maker
    assert "not signed with the public key" in found.check("--key", SIGNER.verifier.text)


async def test_captures_that_were_changed_are_found(home: Any) -> None:
    found: Home = await home(engagement=ENGAGEMENT)
    assert len((found.folder / "captures.jsonl").read_text().splitlines()) == 2

    found.change("captures.jsonl", lambda text: text.replace("north", "south"))

    assert "captures.jsonl was changed" in found.check()


async def test_a_log_written_anew_with_the_stolen_key_is_found_by_a_kept_checkpoint(home: Any, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text(SIGNER.sign(Checkpoint(3, b"\x05" * 32)), encoding="utf-8")
    found: Home = await home(engagement=ENGAGEMENT, kept=SIGNER.sign(Checkpoint(3, b"\x05" * 32)))

    assert found.check().startswith("FINE: ")
    assert "it was written anew" in found.check("--kept", str(tmp_path / "kept.txt"))


async def test_a_cut_log_is_found_by_a_kept_checkpoint(home: Any, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text(SIGNER.sign(Checkpoint(COUNT + 1, b"\x05" * 32)), encoding="utf-8")
    found: Home = await home(engagement=ENGAGEMENT)

    assert "its end was cut off" in found.check("--kept", str(tmp_path / "kept.txt"))


async def test_a_pack_for_another_checkpoint_says_so(home: Any, filled: Log, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text((await filled.notes())[4], encoding="utf-8")
    found: Home = await home(engagement=ENGAGEMENT)

    assert "was not made for the checkpoint you kept" in found.check("--kept", str(tmp_path / "kept.txt"))


async def test_the_page_explains_itself_and_shows_what_was_done(home: Any) -> None:
    found: Home = await home(engagement=ENGAGEMENT)
    page = (found.folder / "index.html").read_text(encoding="utf-8")

    assert "4 leaves" in page and "2 exchanges" in page and "hold-9" in page
    assert "[[" not in page


async def test_what_the_log_does_not_have_makes_no_pack(filled: Log, tmp_path: Path) -> None:
    path = tmp_path / "evidence.zip"
    later = filled.clock() + timedelta(days=1)
    for wanted in (Wanted("nobody"), Wanted(None, later, later + timedelta(days=1))):
        with pytest.raises(NoSuchLeaf):
            await evidence.export(filled.machine, wanted, path)
    with pytest.raises(NotProvable, match="shorter than the checkpoint kept"):
        await evidence.export(filled.machine, Wanted(ENGAGEMENT, kept=SIGNER.sign(Checkpoint(99, b"\x05" * 32))), path)

    assert list(tmp_path.glob("evidence*")) == []


async def test_no_pack_is_made_of_a_leaf_that_was_changed(filled: Log, tmp_path: Path) -> None:
    await filled.forge("update audit_log set entry = replace(entry, 'Ada', 'Eve') where seq = 3")

    with pytest.raises(NotProvable):
        await evidence.export(filled.machine, Wanted(ENGAGEMENT), tmp_path / "evidence.zip")


FILES = (
    "pack.json", "public-key.txt", "checkpoint.txt", "leaves.jsonl", "captures.jsonl", "journal.jsonl", "index.html",
    "verify.py", "manifest.txt",
)  # fmt: skip


@pytest.fixture
async def decided(filled: Log) -> Log:
    """Somebody decided, with a reason, and it belongs to the engagement."""
    for n, reason in enumerate(("As agreed, für Köln", "second thoughts")):
        await journal.note(filled.pool, actor="Ada", action="answered", object_=f"hold-x{n}", detail={"reason": reason},
                           now=filled.clock())  # fmt: skip
    await filled.pool.execute("update audit_waiting set engagement = $1", ENGAGEMENT)
    await filled.tick()
    return filled


def wrong(folder: Path) -> str:
    """What the check says of a folder, in this process; "" when it is fine."""
    try:
        offline.check(offline.read(folder), SIGNER.verifier.text, None)
    except (offline.Wrong, *offline.UNREADABLE) as error:
        return offline.told_why(error)
    return ""


@pytest.mark.usefixtures("decided")
async def test_the_words_of_those_who_decided_are_in_it(home: Any) -> None:
    found: Home = await home(engagement=ENGAGEMENT)
    rows = [json.loads(line) for line in (found.folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()]

    assert [(row["actor"], json.loads(row["detail"])) for row in rows] == [
        ("Ada", {"reason": "As agreed, für Köln"}),
        ("Ada", {"reason": "second thoughts"}),
    ]
    assert found.check().startswith("FINE: 6 leaves")


@pytest.mark.parametrize("before", ["As agreed", '"Ada"', '"answered"', "hold-x1", "T12:"])
@pytest.mark.usefixtures("decided")
async def test_words_that_were_changed_are_found_even_with_the_key(home: Any, before: str) -> None:
    found: Home = await home(engagement=ENGAGEMENT)
    found.change("journal.jsonl", lambda text: text.replace(before, before.replace(before[1], "X")))
    found.sign(SIGNER)

    assert "was changed: it is not what its leaf says" in found.check()


@pytest.mark.parametrize(("change", "told"), [("taken out", "is missing"), ("put in", "was put in")])
@pytest.mark.usefixtures("decided")
async def test_words_that_were_taken_out_or_put_in_are_found_even_with_the_key(
    home: Any, change: str, told: str
) -> None:
    found: Home = await home(engagement=ENGAGEMENT)
    lines = (found.folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    stranger = json.dumps({**json.loads(lines[0]), "seq": 77})
    changed = lines[:1] if change == "taken out" else [*lines, stranger]
    found.change("journal.jsonl", lambda _: "".join(f"{each}\n" for each in changed))
    found.change("pack.json", lambda text: text.replace('"journal": 2', f'"journal": {len(changed)}'))
    found.sign(SIGNER)

    assert told in found.check()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.usefixtures("decided")
async def test_no_byte_of_any_file_can_be_changed_unseen(home: Any, filled: Log, name: str) -> None:
    """The page people read and the script they run are among them."""
    for wanted in ({"engagement": ENGAGEMENT}, period(filled)):
        found: Home = await home(**wanted)
        path, chance = found.folder / name, random.Random(name)
        before = path.read_bytes()
        for _ in range(40 if before else 0):
            at, by = chance.randrange(len(before)), chance.randrange(1, 256)
            path.write_bytes(before[:at] + bytes([before[at] ^ by]) + before[at + 1 :])
            # A signature's spelling has bits that mean nothing; what is signed has none.
            assert wrong(found.folder) or name in {"manifest.txt", "checkpoint.txt"}, (at, by)
        path.write_bytes(before + b"\n")
        assert wrong(found.folder) or name == "manifest.txt"
        path.unlink()
        assert wrong(found.folder)
        path.write_bytes(before)
        assert not wrong(found.folder)


@pytest.mark.usefixtures("decided")
async def test_a_zip_that_was_damaged_is_wrong_and_no_fault(home: Any, tmp_path: Path) -> None:
    await home(engagement=ENGAGEMENT)
    zipped, chance = tmp_path / "evidence.zip", random.Random(7)
    before = zipped.read_bytes()

    for _ in range(200):
        at, by = chance.randrange(len(before)), chance.randrange(1, 256)
        zipped.write_bytes(before[:at] + bytes([before[at] ^ by]) + before[at + 1 :])
        wrong(zipped)  # whatever it is, it is told and not raised
    for cut in (0, 1, 100, len(before) - 1):
        zipped.write_bytes(before[:cut])
        assert wrong(zipped)
    zipped.write_bytes(before)
    with ZipFile(zipped, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("pack.json", "{}")
    assert "in the zip twice" in wrong(zipped)


async def test_a_pack_of_another_release_is_not_guessed_at(home: Any) -> None:
    found: Home = await home(engagement=ENGAGEMENT)
    found.change("pack.json", lambda text: text.replace("evidence/2", "evidence/1"))

    assert "check it with its own verify.py" in found.check()
