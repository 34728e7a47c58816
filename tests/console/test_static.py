"""What the browser fetches: vendored files as they came, nothing from elsewhere, and small."""

import gzip
import hashlib
import re
import tomllib
from pathlib import Path

import pytest

from throughline.console.rendering import CONTENT_SECURITY_POLICY, Page, fingerprint, render, static_folder

VENDOR = static_folder() / "vendor"


def zipped(*files: Path) -> int:
    return sum(len(gzip.compress(file.read_bytes(), 9)) for file in files)


def test_every_vendored_file_is_the_one_its_row_names_and_every_file_has_a_row() -> None:
    listed = {
        f"{package['folder']}/{name}": digest
        for package in tomllib.loads((VENDOR / "VENDOR.toml").read_text(encoding="utf-8"))["package"]
        for name, digest in package["files"].items()
    }
    found = {
        str(file.relative_to(VENDOR).as_posix()): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in VENDOR.rglob("*")
        if file.is_file() and file.name != "VENDOR.toml"
    }

    assert found == listed


def test_every_vendored_package_keeps_its_licence() -> None:
    for package in tomllib.loads((VENDOR / "VENDOR.toml").read_text(encoding="utf-8"))["package"]:
        assert (VENDOR / package["folder"] / "LICENSE").read_text(encoding="utf-8").strip()
        assert package["licence"]
        assert len(package["source_sha256"]) == 64


def test_every_page_stays_within_its_budget(pages: dict[str, Page]) -> None:
    sizes = {name: len(gzip.compress(render(page).encode(), 9)) for name, page in pages.items()}

    assert {name: size for name, size in sizes.items() if size >= 25_000} == {}


def test_the_style_sheets_and_the_scripts_stay_within_theirs() -> None:
    assert zipped(*static_folder().glob("*.css")) < 12_000
    assert zipped(*static_folder().glob("*.js"), *VENDOR.rglob("*.js")) < 40_000


def test_every_file_a_page_asks_for_is_there_under_its_fingerprint(pages: dict[str, Page]) -> None:
    asked = {url for page in pages.values() for url in re.findall(r'(?:href|src)="/static/([^"]+)"', render(page))}

    assert asked
    for url in asked:
        path, _, digest = url.partition("?")
        assert (static_folder() / path).is_file()
        assert digest == fingerprint(path) or path.startswith("vendor/")


def test_the_style_sheets_ask_only_for_vendored_files() -> None:
    for sheet in static_folder().glob("*.css"):
        for url in re.findall(r'url\("([^"]+)"\)', sheet.read_text(encoding="utf-8")):
            assert (static_folder() / url).is_file()
            assert url.startswith("vendor/")


def test_raw_colours_are_only_in_the_tokens() -> None:
    for sheet in ("app.css", "engagement.css", "fonts.css"):
        assert not re.findall(
            r"oklch\(|rgb|hsl\(|#[0-9a-f]{3,8}\b", (static_folder() / sheet).read_text(encoding="utf-8")
        )


def test_every_token_that_is_used_is_defined_and_the_other_way_round() -> None:
    sheets = "".join(sheet.read_text(encoding="utf-8") for sheet in static_folder().glob("*.css"))
    tokens = (static_folder() / "tokens.css").read_text(encoding="utf-8")

    used, defined = set(re.findall(r"var\((--[\w-]+)", sheets)), set(re.findall(r"(--[\w-]+):", tokens))
    local = set(re.findall(r"(--[cmt]):", sheets))
    assert used - local - defined == set()
    assert defined - used == set()


@pytest.mark.parametrize("word", ["unsafe-inline", "unsafe-eval", "http:", "https:", "*"])
def test_the_policy_allows_nothing_loose(word: str) -> None:
    assert word not in CONTENT_SECURITY_POLICY
