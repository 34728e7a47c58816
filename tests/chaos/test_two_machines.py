"""Two machines on one PostgreSQL over TLS. One is cut off while it sends: the other goes on, and nothing is doubled."""

import asyncio
import contextlib
import ipaddress
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.chaos import forward
from tests.chaos.machines import Machines, allowed
from tests.chaos.nursery import Nursery
from tests.chaos.oracle import twice, what_came
from tests.chaos.postgres import Postgres, debians
from tests.chaos.stage import Stage, lay_out_fast
from throughline.core.connector import DEADLINE_SECONDS
from throughline.sandbox.estate import Estate, Plan
from throughline.store.database import DatabaseProblem, connected, migrate

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chaos")]

DEALS, PORT, LONGEST_SECONDS = 12, 5432, 120


@dataclass
class Site:
    """The two machines, the database between them, and the stage as each of them sees it."""

    machines: Machines
    postgres: Postgres
    stage: Stage
    one: Nursery
    two: Nursery

    @property
    def url(self) -> str:
        return self.stage.database_url


@pytest.fixture
def machines() -> Iterator[Machines]:
    if why := allowed():
        pytest.skip(why)
    with Machines(("one", "two")) as opened:
        yield opened


@pytest.fixture
async def postgres(machines: Machines) -> AsyncGenerator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="throughline-chaos-"))
    folder.chmod(0o755)
    if (programs := debians()) is None:
        pytest.skip("there is no PostgreSQL that knows TLS: install Debian's postgresql")
    server = Postgres(folder, programs=programs)
    await server.make()
    certificate, key = write_certificate(server.home.folder, machines.here)
    server.home.own(key)
    server.options = {"listen_addresses": machines.here, "port": str(PORT), "ssl": "on",
                      "ssl_cert_file": str(certificate), "ssl_key_file": str(key)}  # fmt: skip
    hosts = server.home.data / "pg_hba.conf"
    hosts.write_text("local all all trust\nhostssl all all 10.231.0.0/16 trust\n")
    try:
        await server.start()
        yield server
    finally:
        await server.end()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def site(tmp_path: Path, machines: Machines, postgres: Postgres) -> AsyncGenerator[Site]:
    url = (
        f"postgresql://throughline@{machines.here}:{PORT}/postgres"
        f"?sslmode=verify-full&sslrootcert={postgres.home.folder}/server.crt"
    )
    async with contextlib.AsyncExitStack() as stack:
        pool = await stack.enter_async_context(connected(postgres.url, size=2))
        estate = await stack.enter_async_context(Estate(Plan(tmp_path / "sandbox", in_memory=True)))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        await migrate(pool, now=datetime.now(UTC))
        for each in await forward.forward(machines.here, "127.0.0.1", ports(estate)):
            stack.callback(each.close)
        nurseries: list[Nursery] = []
        for name in ("one", "two"):
            inside = ("ip", "netns", "exec", machines.space(name))
            await stack.enter_async_context(vendors_seen_from(inside, machines.here, ports(estate)))
            nurseries.append(await stack.enter_async_context(Nursery(before=inside)))
        stage = Stage(estate, http, pool, url, tmp_path, lay_out_fast(estate, tmp_path), nurseries[0])
        yield Site(machines, postgres, stage, *nurseries)
        for name in ("one", "two"):
            machines.mend(name)


async def test_the_other_takes_over_from_a_machine_that_is_cut_off_while_it_sends(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = site.stage
    await stage.first_day()
    stage.nursery = site.two
    two = await stage.worker("two", lanes_at_once=4)
    await stage.sell(DEALS)
    await stage.until(lambda: is_sending(stage), seconds=60)

    site.machines.cut("one")
    left = await stage.pool.fetchval(
        "select count(*) from lanes where worker = 'first-day' and lease_until is not null"
    )
    took = await stage.settled(LONGEST_SECONDS)
    came = wrongs(stage)
    # Until its deadline a call may still arrive, and real settle times are longer than that; ours here is not.
    await asyncio.sleep(max(DEADLINE_SECONDS + 1 - took, 0))
    site.machines.mend("one")
    await stage.until(lambda: is_back(stage), seconds=60)
    await stage.settled(LONGEST_SECONDS)

    with capsys.disabled():
        print(f"\n{left} lanes at work on the machine that was cut off; all was over {took:.0f} s later")
    assert left > 0, "it was cut off while it did nothing"
    assert not two.ended.done()
    held = await stage.open_holds()
    assert set(held.values()) <= {"unknown"}
    assert came == {}
    assert wrongs(stage) == {}
    assert twice(stage.estate) == {}
    assert len(await stage.states()) == DEALS


async def test_a_server_that_cannot_prove_who_it_is_is_not_talked_to(site: Site, tmp_path: Path) -> None:
    stranger, _ = write_certificate(tmp_path, site.machines.here)
    named_otherwise = site.url.replace(f"@{site.machines.here}:", "@localhost:")

    with pytest.raises(DatabaseProblem, match="certificate"):
        async with connected(site.url.replace(f"{site.postgres.home.folder}/server.crt", str(stranger))):
            pass
    async with connected(site.url, size=1) as pool:
        assert await pool.fetchval("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
    assert named_otherwise != site.url


async def is_sending(stage: Stage) -> bool:
    """Whether something is on its way from the first machine: written down, and not yet confirmed."""
    return await stage.pool.fetchval(
        """select exists (select from effects join runs on runs.id = effects.run join lanes on lanes.key = runs.lane
             where effects.state = 'intent' and lanes.worker = 'first-day' and lanes.lease_until is not null)"""
    )


async def is_back(stage: Stage) -> bool:
    """Whether the first machine's worker has been heard of again."""
    return await stage.pool.fetchval(
        "select seen_at > now() - interval '5 seconds' from workers where id = 'first-day'"
    )


def wrongs(stage: Stage) -> dict[str, object]:
    came = what_came(stage.estate, stage.sold)
    found: dict[str, object] = {d: each.kick_offs for d, each in came.items() if each.kick_offs > 1}
    return found | {d: wrong for d, each in came.items() if (wrong := each.wrong(kick_offs=None, handed_off=False))}


def ports(estate: Estate) -> list[int]:
    """Where the pretend vendors listen."""
    return sorted({urlsplit(estate.addresses[name]).port or 0 for name in estate.simulators})


@contextlib.asynccontextmanager
async def vendors_seen_from(inside: tuple[str, ...], here: str, at: list[int]) -> AsyncGenerator[None]:
    """They give out addresses on loopback; on the other machine these lead over the cable."""
    program = str(Path(forward.__file__))
    process = await asyncio.create_subprocess_exec(
        *inside, sys.executable, program, "127.0.0.1", here, *map(str, at), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        await process.wait()


def write_certificate(folder: Path, address: str) -> tuple[Path, Path]:
    """A key, and a certificate that speaks for one address and for itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the tests' database")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "server.crt", folder / "server.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    paths[1].chmod(0o600)
    return paths
