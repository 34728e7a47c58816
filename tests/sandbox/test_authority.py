"""Certificates that strict clients believe in."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from throughline.sandbox.authority import Authority


@asynccontextmanager
async def listening(authority: Authority) -> AsyncGenerator[int]:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=authority.context())
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


async def names_shown(port: int, ca: Path, server_hostname: str) -> set[str]:
    """The names in the certificate a strict client is shown, after it accepted it."""
    context = ssl.create_default_context(cafile=str(ca))
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=server_hostname)
    certificate = writer.get_extra_info("ssl_object").getpeercert()
    writer.close()
    await writer.wait_closed()
    return {name for _, name in certificate["subjectAltName"]}


async def test_a_strict_client_is_shown_a_certificate_for_the_host_it_names(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    async with listening(authority) as port:
        shown = [
            await names_shown(port, authority.certificate_path, host)
            for host in ("login.salesforce.com", "slack.com", "localhost", "127.0.0.1")
        ]

    loopback = {"localhost", "127.0.0.1"}
    assert shown == [{"login.salesforce.com"}, {"slack.com"}, loopback, loopback]


async def test_a_client_of_another_authority_does_not_believe_it(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path / "ours"), Authority(tmp_path / "other")

    async with listening(authority) as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            await names_shown(port, other.certificate_path, "slack.com")


async def test_a_restart_keeps_the_authority_and_its_leaves(tmp_path: Path) -> None:
    Authority(tmp_path).context_for("slack.com")
    before = [(tmp_path / name).read_bytes() for name in ("ca.pem", "ca.key", "leaves/slack.com.pem")]

    Authority(tmp_path).context_for("slack.com")

    assert [(tmp_path / name).read_bytes() for name in ("ca.pem", "ca.key", "leaves/slack.com.pem")] == before


def test_nobody_else_may_read_a_key(tmp_path: Path) -> None:
    Authority(tmp_path).context_for("slack.com")

    keys = [tmp_path / "ca.key", tmp_path / "leaves" / "slack.com.pem"]

    assert [path.stat().st_mode & 0o777 for path in keys] == [0o600, 0o600]


def test_a_certificate_about_to_expire_is_minted_again(tmp_path: Path) -> None:
    leaf, authority = tmp_path / "leaves" / "slack.com.pem", tmp_path / "ca.pem"
    Authority(tmp_path, now=lambda: datetime.now(UTC) - timedelta(days=380)).context_for("slack.com")
    before, founded = leaf.read_bytes(), authority.read_bytes()

    Authority(tmp_path).context_for("slack.com")

    assert leaf.read_bytes() != before
    assert x509.load_pem_x509_certificate(leaf.read_bytes()).not_valid_after_utc > datetime.now(UTC) + timedelta(300)
    assert authority.read_bytes() == founded


@pytest.mark.parametrize("damage", ["ca.pem", "ca.key"])
def test_a_damaged_authority_is_founded_anew_with_new_leaves(tmp_path: Path, damage: str) -> None:
    Authority(tmp_path).context_for("slack.com")
    leaf = tmp_path / "leaves" / "slack.com.pem"
    before = leaf.read_bytes()
    (tmp_path / damage).write_bytes(b"half a f")

    Authority(tmp_path).context_for("slack.com")

    assert leaf.read_bytes() != before


@pytest.mark.parametrize("host", ["../../ca", "a/b", "", "-x", "a..b", "x" * 300])
def test_what_is_no_host_name_gets_no_certificate(tmp_path: Path, host: str) -> None:
    with pytest.raises(ValueError, match="not a host name"):
        Authority(tmp_path).context_for(host)
