"""Signing in by a service that others wrote: npm's oidc-provider, certified, as its own node process."""

import re
import shutil
import socket
import subprocess
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp
import pytest

from tests.hub.test_sign_in import SECRET, firm_with
from throughline import main
from throughline.hub import sign_in
from throughline.hub.admission import Admission
from throughline.hub.machine import Machine
from throughline.hub.seal import Seal
from throughline.hub.sign_in import NotSignedIn
from throughline.settings import Settings

HERE = Path(__file__).parent / "oidc"
BACK = "http://127.0.0.1:7420/login/return"
NODE, NPM = shutil.which("node"), shutil.which("npm")


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """oidc-provider, as its lock file says, from the package registry."""
    if NODE is None or NPM is None:
        pytest.skip("no node or npm on this machine: apt-get install nodejs npm, then this is signed in to")
    folder = tmp_path_factory.mktemp("oidc")
    for name in ("package.json", "package-lock.json", "provider.mjs"):
        shutil.copy(HERE / name, folder)
    command = [NPM, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.skip(f"npm could not install oidc-provider: {done.stderr[-300:]}")
    return folder


@pytest.fixture
def issuer(modules: Path) -> Generator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [NODE or "", "provider.mjs", str(port), BACK]
    with subprocess.Popen(command, cwd=modules, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as node:
        assert node.stdout
        for line in node.stdout:
            if line.strip() == "ready":
                break
        yield f"http://127.0.0.1:{port}"
        node.terminate()


@pytest.fixture
async def machine(
    tmp_path: Path, database_url: str, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Machine]:
    monkeypatch.setenv("SIGN_IN_SECRET", SECRET)
    settings = Settings(firm=firm_with(tmp_path, issuer), data=tmp_path / "data", database_url=database_url)
    async with main.machine(settings) as machine:
        await machine.firms.apply(by="a test")
        yield machine


async def as_a_person(address: str) -> str:
    """Sign in on their pages and agree, as a browser would; what it comes back to us with."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        form: dict[str, str] | None = None
        for _ in range(12):
            answer = await browser.request("POST" if form else "GET", address, data=form, allow_redirects=False)
            page = await answer.text()
            if answer.status in {302, 303}:
                address, form = urljoin(address, answer.headers["Location"]), None
                if address.startswith(BACK):
                    return urlsplit(address).query
                continue
            assert answer.status == 200, page
            action = re.search(r'action="([^"]+)"', page)
            prompt = re.search(r'name="prompt" value="([^"]+)"', page)
            assert action
            assert prompt
            address = urljoin(address, action[1])
            form = {"prompt": prompt[1], "login": "anna", "password": "any"}
    raise AssertionError("the service never led back")


async def test_a_person_signs_in_by_a_service_of_others(machine: Machine) -> None:
    begun = await sign_in.begin(machine, back=BACK, then="/holds")
    answer = await as_a_person(begun.address)
    session, then = await sign_in.finish(machine, begun.kept, answer)
    who = await Admission(None, Seal(b"k"), machine).signed_in(session, active=True)

    assert who
    assert (who.name, then, "approve" in who.rights) == ("anna@example.com", "/holds", True)
    with pytest.raises(NotSignedIn, match="refused"):
        await sign_in.finish(machine, begun.kept, answer)
