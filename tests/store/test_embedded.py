"""The embedded database survives what machines and people do to it. Real processes, real kills, no fakes."""

import asyncio
import contextlib
import os
import pwd
import random
import shutil
import signal
import stat
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest
from structlog.testing import capture_logs

from throughline.store.embedded import DatabaseUnavailable, EmbeddedPostgres, ServerSettings
from throughline.store.embedded_binaries import INSTALLED, LIBRARIES, make_ready
from throughline.store.embedded_cluster import LOG_LIMIT_BYTES
from throughline.store.embedded_home import Home, fingerprint
from throughline.store.embedded_socket import make_socket_folder

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run the server as another user")
ORPHAN_SECONDS = 10

PROGRAM = """
import asyncio, sys
from pathlib import Path
from throughline.store.embedded import EmbeddedPostgres

async def main():
    postgres = EmbeddedPostgres(Path(sys.argv[1]), elsewhere=Path(sys.argv[2]))
    url = await postgres.start()
    print("manages" if postgres.manages else "attached", url, flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await postgres.stop()

asyncio.run(main())
"""


class Other:
    """Another program on the same folder."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def told(self) -> tuple[str, str]:
        """Its part, manages or attached, and the URL. It logs to the same output, in lines of another shape."""
        assert self.process.stdout
        async with asyncio.timeout(60):
            while line := (await self.process.stdout.readline()).decode().split():
                if line[0] in {"manages", "attached"}:
                    return line[0], line[1]
        raise AssertionError("the other program ended without a database")

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.communicate()

    async def finish(self) -> None:
        await self.process.communicate(b"\n")


@asynccontextmanager
async def other(folder: Path, **environment: str) -> AsyncGenerator[Other]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(folder), str(folder.parent / "elsewhere"),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=os.environ | environment,
    )  # fmt: skip
    program = Other(process)
    try:
        yield program
    finally:
        await program.kill()


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder anybody may pass, unlike pytest's own: the server may run as another user."""
    made = Path(tempfile.mkdtemp(prefix="tl-"))
    made.chmod(0o755)
    yield made
    began = time.monotonic()
    while (left := belonging_to(made)) and time.monotonic() - began < ORPHAN_SECONDS:
        time.sleep(0.05)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    shutil.rmtree(made)
    assert not left, f"left running: {left}"


@pytest.fixture
def folder(place: Path) -> Path:
    return place / "db"


def embedded(folder: Path, **options: ServerSettings | Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder, elsewhere=folder.parent / "elsewhere", **options)  # type: ignore[arg-type] # one of each


def belonging_to(folder: Path) -> list[psutil.Process]:
    """Every process that names the folder or works in it: guards, initdb, the server and its backends."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            says = [*process.cmdline(), process.cwd()]
            if process.status() != psutil.STATUS_ZOMBIE and any(str(folder) in word for word in says):
                found.append(process)
    return found


async def gone(folder: Path, *, within_seconds: float = ORPHAN_SECONDS) -> float:
    began = time.monotonic()
    while left := belonging_to(folder):
        assert time.monotonic() - began < within_seconds, f"orphans: {left}"
        await asyncio.sleep(0.05)
    return time.monotonic() - began


def guard_of(folder: Path) -> psutil.Process:
    return next(process for process in belonging_to(folder) if "embedded_guard.py" in " ".join(process.cmdline()))


def postmaster_of(data: Path) -> psutil.Process:
    return psutil.Process(int((data / "postmaster.pid").read_text().splitlines()[0]))


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def server_users_process(data: Path, *command: str) -> asyncio.subprocess.Process:
    """A process of the user the server runs as: only such a one can be mistaken for the server."""
    owner = data.stat()
    become = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    quiet = asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(*command, **become, cwd="/", stdout=quiet, stderr=quiet)  # type: ignore[arg-type] # keywords of Popen


async def test_a_first_start_makes_a_safe_database_that_answers(folder: Path) -> None:
    began = time.monotonic()

    async with embedded(folder) as url:
        took = time.monotonic() - began
        settings = {
            name: await ask(url, f"show {name}")
            for name in ("data_checksums", "fsync", "synchronous_commit", "listen_addresses", "max_connections")
        }
        locale = await ask(url, "select datlocprovider::text || datlocale from pg_database where datname = 'postgres'")

    print(f"first start {took:.2f} s")
    assert settings == {
        "data_checksums": "on",
        "fsync": "on",
        "synchronous_commit": "on",
        "listen_addresses": "",
        "max_connections": "60",
    }
    assert locale == "bC.UTF-8"
    assert took < 5


async def test_what_was_written_is_there_after_a_stop_and_a_start(folder: Path) -> None:
    async with embedded(folder) as url:
        await ask(url, "create table kept as select 7 as number")

    began = time.monotonic()
    async with embedded(folder) as url:
        print(f"second start {time.monotonic() - began:.2f} s")

        assert await ask(url, "select number from kept") == 7


async def test_one_instance_may_be_stopped_and_started_again(folder: Path) -> None:
    postgres = embedded(folder)
    first = await postgres.start()
    with pytest.raises(RuntimeError):
        await postgres.start()
    await postgres.stop()
    await postgres.stop()

    second = await postgres.start()
    assert await ask(second, "select 1") == 1
    await postgres.stop()

    assert first == second
    assert not belonging_to(folder)


async def test_a_second_program_attaches_and_leaves_the_server_alone(folder: Path) -> None:
    async with embedded(folder) as url, other(folder) as second:
        part, theirs = await second.told()
        await second.finish()

        assert (part, theirs) == ("attached", url)
        assert await ask(url, "select 1") == 1


async def test_a_manager_that_stops_says_that_others_lose_the_database(folder: Path) -> None:
    manager, attached = embedded(folder), embedded(folder)
    url = await manager.start()
    await attached.start()
    connection = await asyncpg.connect(url)

    with capture_logs() as logs:
        await manager.stop()

    assert [entry["event"] for entry in logs] == ["postgres.stopped_while_in_use", "postgres.stopped"]
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await connection.fetchval("select 1")
    await attached.stop()
    assert await attached.start() == url
    assert attached.manages
    await attached.stop()


async def test_of_two_programs_at_once_one_manages_and_both_have_a_database(folder: Path) -> None:
    async with other(folder) as one, other(folder) as two:
        (first, url), (second, same) = await asyncio.gather(one.told(), two.told())

        assert {first, second} == {"manages", "attached"}
        assert url == same
        assert await ask(url, "select 1") == 1


async def test_a_kill_at_any_moment_of_the_first_start_leaves_nothing_half_made(place: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    chance = random.Random(seed)
    moments: list[str] = []
    print(f"seed {seed}")
    began = time.monotonic()
    async with embedded(place / "usual"):
        usual = time.monotonic() - began

    for turn in range(8):
        folder = place / f"db{turn}"
        async with other(folder) as program:
            while not list(folder.glob("initdb-*")):
                await asyncio.sleep(0.005)
            await asyncio.sleep(chance.uniform(0, usual))
            await program.kill()
        moments.append("after" if (folder / "data").exists() else "during")
        await gone(folder)
        async with embedded(folder) as url:
            assert await ask(url, "select 1") == 1
        assert not list(folder.glob("initdb-*"))

    print(f"killed {moments.count('during')} times during initdb, {moments.count('after')} after")
    assert "during" in moments


async def test_a_killed_manager_takes_its_server_along_and_commits_survive(folder: Path) -> None:
    async with other(folder) as manager:
        _, url = await manager.told()
        await ask(url, "create table kept as select 7 as number")
        assert len(belonging_to(folder / "data")) > 3
        await manager.kill()
        took = await gone(folder)

    print(f"server gone {took:.2f} s after kill -9 of its manager")
    async with embedded(folder) as url:
        assert await ask(url, "select number from kept") == 7


async def test_a_start_right_after_a_kill_waits_for_the_old_server(folder: Path) -> None:
    async with other(folder) as manager:
        await manager.told()
        await manager.kill()

        async with embedded(folder) as url:
            assert await ask(url, "select 1") == 1


@pytest.mark.parametrize("victim", ["guard", "postmaster"])
async def test_a_server_that_dies_by_itself_is_noticed_and_can_be_started_again(folder: Path, victim: str) -> None:
    postgres = embedded(folder)
    await postgres.start()
    (guard_of(folder) if victim == "guard" else postmaster_of(folder / "data")).kill()

    async with asyncio.timeout(ORPHAN_SECONDS):
        code = await postgres.ended()
    await postgres.stop()

    assert code != 0
    assert await ask(await postgres.start(), "select 1") == 1
    await postgres.stop()


async def test_a_kill_of_manager_and_guard_together_still_leaves_no_orphan(folder: Path) -> None:
    async with other(folder) as manager:
        await manager.told()
        guard_of(folder).kill()
        await manager.kill()

        await gone(folder)


async def test_ctrl_c_in_the_terminal_does_not_reach_the_server_first(folder: Path) -> None:
    async with embedded(folder):
        sessions = {os.getsid(process.pid) for process in belonging_to(folder)}

        assert os.getsid(0) not in sessions


async def test_a_recorded_pid_that_is_now_another_process_does_not_stop_us(folder: Path) -> None:
    async with embedded(folder):
        recorded = (folder / "data" / "postmaster.pid").read_text()
    sleeper = await server_users_process(folder / "data", "sleep", "60")
    stale = "\n".join([str(sleeper.pid), *recorded.splitlines()[1:]]) + "\n"
    for name in ("data/postmaster.pid", "run/.s.PGSQL.5432.lock"):
        (folder / name).write_text(stale)
        os.chown(folder / name, (folder / "data").stat().st_uid, -1)

    async with embedded(folder) as url:
        assert await ask(url, "select 1") == 1

    assert sleeper.returncode is None
    sleeper.kill()
    await sleeper.wait()


async def test_leftovers_of_the_dead_are_no_obstacle(folder: Path) -> None:
    folder.mkdir()
    for name in ("manager", "server", "attached"):
        (folder / f"{name}.lock").write_text("12345")
    (folder / "url").write_text("postgresql://throughline@/postgres?host=%2Fnowhere")
    (folder / "initdb-half" / "base").mkdir(parents=True)

    async with embedded(folder) as url:
        assert await ask(url, "select 1") == 1

    assert not (folder / "initdb-half").exists()


async def test_a_server_somebody_else_started_on_our_data_is_left_alone(folder: Path) -> None:
    async with embedded(folder):
        pass
    postgres = str(make_ready(Home(folder, None)).postgres)
    if os.geteuid() == 0 and not os.access(postgres, os.X_OK):
        pytest.skip("the wheel is out of reach for the server's user")
    theirs = await server_users_process(
        folder / "data", postgres, "-D", str(folder / "data"), "-k", str(folder / "run"), "-c", "listen_addresses="
    )
    while not (folder / "run" / ".s.PGSQL.5432").exists():
        await asyncio.sleep(0.02)

    with pytest.raises(DatabaseUnavailable, match=rf"another PostgreSQL \(process {theirs.pid}\)"):
        await embedded(folder).start()

    theirs.send_signal(signal.SIGINT)
    await theirs.wait()


async def test_a_long_path_gets_a_short_private_socket_folder(place: Path) -> None:
    folder = place / ("long-" + "x" * 100) / "a name, with a comma and ümlaut"

    async with embedded(folder) as url:
        sockets = Path(str(await ask(url, "show unix_socket_directories")).strip('"'))

        assert fingerprint(folder.resolve()) in sockets.name
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert sockets.stat().st_uid == (folder / "data").stat().st_uid

    sockets.rmdir()


def squatted_link(folder: Path) -> None:
    folder.symlink_to("/")


def squatted_open(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


@pytest.mark.parametrize("squat", [squatted_link, squatted_open])
def test_a_socket_folder_somebody_made_before_us_is_not_used(place: Path, squat: Callable[[Path], None]) -> None:
    home = Home(place / ("x" * 100), None)
    bad, good = place / "bad", place / "good"
    bad.mkdir()
    good.mkdir()
    squat(bad / f"throughline-{fingerprint(home.folder)}")

    assert make_socket_folder(home, bases=[bad, good]).parent == good
    with pytest.raises(DatabaseUnavailable, match="unix socket"):
        make_socket_folder(home, bases=[bad])


async def test_the_environment_of_the_operator_does_not_reach_the_server(folder: Path) -> None:
    strange = {"LC_ALL": "xx_YY.ISO-8859-1", "LANG": "tr_TR.ISO-8859-9", "PGDATA": "/nowhere", "PGPORT": "1"}

    async with other(folder, **strange, PGOPTIONS="-c nonsense=1", PGSSLMODE="require") as program:
        part, url = await program.told()

        assert part == "manages"
        assert not strange.keys() - {"LC_ALL"} & postmaster_of(folder / "data").environ().keys()
        assert await ask(url, "show server_encoding") == "UTF8"
        assert await ask(url, "select upper('żółć')") == "ŻÓŁĆ"
        await program.finish()


async def test_another_version_of_the_data_is_refused_by_name(folder: Path) -> None:
    async with embedded(folder):
        pass
    (folder / "data" / "PG_VERSION").write_text("16\n")

    with pytest.raises(DatabaseUnavailable, match="made by PostgreSQL 16, and this Throughline brings PostgreSQL 18"):
        await embedded(folder).start()


async def test_a_server_that_cannot_start_says_why_with_the_end_of_its_log(folder: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"(?s)while it was starting.*invalid value for parameter"):
        await embedded(folder, settings=ServerSettings(shared_buffers="plenty")).start()

    assert not belonging_to(folder)


async def test_broken_binaries_are_reported_with_what_they_said(place: Path, folder: Path) -> None:
    bin_folder = place / "wheel" / INSTALLED / "bin"
    bin_folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (bin_folder / name).write_text("#!/bin/sh\necho no such instruction on this machine >&2\nexit 132\n")
        (bin_folder / name).chmod(0o755)

    with pytest.raises(DatabaseUnavailable, match=r"(?s)could not be made.*no such instruction on this machine"):
        await embedded(folder, wheel=place / "wheel").start()
    (bin_folder / "initdb").write_bytes(b"\x7fELF")
    with pytest.raises(DatabaseUnavailable, match=r"(?s)could not be made.*cannot run .*initdb: "):
        await embedded(folder, wheel=place / "wheel").start()
    (bin_folder / "postgres").unlink()
    with pytest.raises(DatabaseUnavailable, match="brings no postgres of PostgreSQL 18"):
        await embedded(folder, wheel=place / "wheel").start()

    assert not (folder / "data").exists()


async def test_giving_up_in_the_middle_of_a_start_leaves_nothing_running(folder: Path) -> None:
    starting = asyncio.create_task(embedded(folder).start())
    while not list(folder.glob("initdb-*")):
        await asyncio.sleep(0.005)
    starting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await starting

    assert await gone(folder, within_seconds=1) < 1
    async with embedded(folder) as url:
        assert await ask(url, "select 1") == 1


async def test_a_start_that_takes_too_long_says_so(folder: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="not ready after 0 seconds"):
        await embedded(folder, settings=ServerSettings(start_timeout_seconds=0.1)).start()


async def test_a_log_grown_too_large_is_set_aside_and_statements_stay_out_of_it(folder: Path) -> None:
    folder.mkdir()
    with (folder / "postgres.log").open("wb") as log:
        log.truncate(LOG_LIMIT_BYTES + 1)

    async with embedded(folder) as url:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await ask(url, "select 1/0 as a_private_name")

    written = (folder / "postgres.log").read_text()
    assert "ready to accept connections" in written
    assert "a_private_name" not in written
    assert (folder / "postgres.log.1").stat().st_size == LOG_LIMIT_BYTES + 1


def looks(*paths: Path) -> dict[Path, tuple[int, int, int]]:
    return {path: (path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in paths}


@as_root
async def test_root_leaves_every_folder_that_is_not_ours_as_it_was(place: Path) -> None:
    private = place / "root-only"
    private.mkdir(mode=0o700)
    folder = private / "firm" / "db"
    folder.parent.mkdir()
    before = looks(*folder.parents)

    async with EmbeddedPostgres(folder, elsewhere=place / "elsewhere") as url:
        await ask(url, "create table kept as select 7 as number")
        user = postmaster_of(Path(str(await ask(url, "show data_directory")))).username()

    assert looks(*folder.parents) == before
    assert user == "postgres"
    assert [path.name for path in folder.iterdir()] == ["location"]
    async with EmbeddedPostgres(folder, elsewhere=place / "elsewhere") as url:
        assert await ask(url, "select number from kept") == 7


@as_root
async def test_a_copied_folder_does_not_quietly_share_a_database(place: Path) -> None:
    private = place / "root-only"
    private.mkdir(mode=0o700)
    async with EmbeddedPostgres(private / "db", elsewhere=place / "elsewhere"):
        pass
    shutil.copytree(private / "db", private / "copy")

    with pytest.raises(DatabaseUnavailable, match="belongs to another folder"):
        await EmbeddedPostgres(private / "copy", elsewhere=place / "elsewhere").start()


@as_root
async def test_a_folder_of_somebody_else_that_was_there_before_keeps_its_mode(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    folder.mkdir(mode=0o755)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    before = looks(folder)

    async with EmbeddedPostgres(folder, user="nobody") as url:
        assert postmaster_of(folder / "data").username() == "nobody"
        assert await ask(url, "select 1") == 1

    assert looks(folder) == before
    with pytest.raises(DatabaseUnavailable, match="belongs to user nobody, not to postgres"):
        await EmbeddedPostgres(folder, user="postgres").start()
    async with EmbeddedPostgres(folder):
        assert postmaster_of(folder / "data").username() == "nobody"


@as_root
async def test_binaries_out_of_reach_are_copied_once(place: Path, folder: Path) -> None:
    installed = make_ready(Home(folder, None)).bin.parents[2]
    private = place / "root-only"
    for name in (LIBRARIES, INSTALLED / "bin", INSTALLED / "lib" / "postgresql", INSTALLED / "share" / "postgresql"):
        shutil.copytree(installed / name, private / name, ignore=shutil.ignore_patterns("pgxs"))
    private.chmod(0o700)

    async with embedded(folder, wheel=private) as url:
        assert await ask(url, "select to_tsvector('english', 'the runs')::text") == "'run':2"
    copies = list(folder.glob("binaries-*"))
    made_at = copies[0].stat().st_ctime_ns
    async with embedded(folder, wheel=private):
        pass

    assert len(copies) == 1
    assert copies[0].stat().st_ctime_ns == made_at
    assert looks(private)[private][0] & 0o777 == 0o700


@as_root
@pytest.mark.parametrize(("user", "complaint"), [("root", "refuses to run as root"), ("no-such-user", "no such user")])
async def test_a_user_that_cannot_be_used_is_refused(folder: Path, user: str, complaint: str) -> None:
    with pytest.raises(DatabaseUnavailable, match=complaint):
        await EmbeddedPostgres(folder, user=user).start()
