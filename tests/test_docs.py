"""The docs are true: whatever they name exists, whatever exists is named, and every example can be run."""

import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from cyclopts import App, CycloptsError

from throughline.api.application import described
from throughline.cli.program import app
from throughline.core import events
from throughline.demo import FIRM
from throughline.settings import PREFIX, Settings
from throughline.testing.new_connector import FILES as MADE

ROOT = Path(__file__).parents[1]
DOCS, PACKAGE = ROOT / "docs", ROOT / "src" / "throughline"
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md"), *(ROOT / "changelog.d").glob("*.md")]
)
# What a reader is shown to make, in a folder of their own.
MADE_BY_THE_READER = {
    "src/throughline/workflows/loss_review.py",
    "mappings/salesforce-customer.yaml",
    "tables/discounts.csv",
    "../secrets/...",
    *(path.replace("{name}", "<name>") for path in MADE.values()),
}
# Words of others that are written as ours are.
OTHERS = {"LISTEN", "NOTIFY"}
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
FILES = re.compile(r"(?:\.\./)?[\w.@*<>-]+(?:/[\w.@*<>-]+)*/?")
SUFFIX = re.compile(r"\.(py|md|yaml|yml|csv|toml|sql|json|svg|sh)$")


class Said(NamedTuple):
    """Something a page says, and where."""

    page: Path
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: {self.text}"


def prose(page: Path) -> str:
    """A page without its fenced examples."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def spans() -> Iterator[Said]:
    return (Said(page, span) for page in PAGES for span in SPAN.findall(prose(page)))


def fenced(*languages: str) -> Iterator[Said]:
    for page in PAGES:
        for language, text in FENCE.findall(page.read_text(encoding="utf-8")):
            if language in languages:
                yield Said(page, text)


def commands(program: str) -> Iterator[Said]:
    """Every line of an example that runs this program, without its remark."""
    for said in fenced("sh", "console"):
        for line in said.text.splitlines():
            words = shlex.split(re.sub(r"<[\w-]+>", "placeholder", line.removeprefix("$ ")), comments=True)
            while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
                words.pop(0)
            if words[:1] == [program]:
                yield Said(said.page, shlex.join(words[1:]))


# Length and order


def test_the_readme_is_read_in_a_minute() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 80


def test_the_readme_begins_with_what_can_be_done() -> None:
    (first, *_rest) = FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8"))

    assert [line.split("#")[0].strip() for line in first[1].splitlines()] == ["make demo", "make check"]


def test_every_page_can_be_reached_from_the_index() -> None:
    index = DOCS / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in LINK.findall(prose(index))}

    missing = {page for page in DOCS.rglob("*") if page.suffix in {".md", ".json"} and page != index} - linked

    assert not {str(page.relative_to(ROOT)) for page in missing}


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("*.md")), ids=lambda page: page.stem)
def test_a_decision_says_what_it_costs_and_what_was_refused(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "What it costs",
        "What we refused",
    ]
    assert text.startswith(f"# {int(page.stem[:4])}. ")


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(page.stem[:4]) for page in sorted((DOCS / "decisions").glob("*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))


def test_the_engine_can_be_read_in_an_hour() -> None:
    """Half a minute for a screen of fifty lines, and almost as long again to think about it."""
    told = (DOCS / "architecture.md").read_text().split("## The engine in an hour")[1].split("\n## ")[0]
    files = [ROOT / "src" / "throughline" / name for name in re.findall(r"`([a-z_/]+\.py)`", told)]

    lines = sum(len(file.read_text().splitlines()) for file in files)

    assert len(files) <= 24
    assert lines <= 3200


# Links and pictures


@cache
def anchors(page: Path) -> set[str]:
    """The places in a page one can link to, spelled as GitHub spells them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.replace("`", "")).strip().lower().replace(" ", "-") for heading in headings}


def test_every_link_resolves() -> None:
    broken: list[str] = []
    for page in PAGES:
        for link in LINK.findall(prose(page)):
            if link.startswith(("https://", "http://")):
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                broken.append(f"{page.relative_to(ROOT)}: {link}")

    assert not broken


@pytest.mark.parametrize("picture", sorted((DOCS / "images").glob("*.svg")), ids=lambda picture: picture.name)
def test_a_picture_says_what_it_shows_and_is_readable_in_the_dark(picture: Path) -> None:
    text = picture.read_text(encoding="utf-8")
    root = ET.fromstring(text)  # noqa: S314 - our own file, parsed to see that it is well formed

    assert root.findtext("{*}title")
    assert root.findtext("{*}desc")
    assert "prefers-color-scheme: dark" in text
    assert "href" not in text


def test_every_picture_is_shown_somewhere() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in LINK.findall(prose(page))}

    assert {picture for picture in (DOCS / "images").iterdir() if picture not in shown} == set()


# Names


def looks_like_a_path(text: str) -> bool:
    return bool(FILES.fullmatch(text)) and (bool(SUFFIX.search(text)) or "/" in text.strip("/"))


def exists_somewhere(said: Said) -> bool:
    """Under the project, the package, the firm's folder or the page itself; `<name>` may be anything."""
    pattern = re.sub(r"<[\w-]+>", "*", said.text).strip("/")
    if said.text in MADE_BY_THE_READER:
        return True
    if pattern.startswith(".throughline/"):
        return exists_somewhere(Said(said.page, pattern.removeprefix(".throughline/firm/")))
    if pattern.startswith("mappings/"):  # optional in a firm, and the demo firm has none
        return True
    roots = (ROOT, PACKAGE, FIRM, FIRM / "tables", said.page.parent, PACKAGE / "connectors" / "salesforce")
    return any(next(iter(root.glob(pattern)), None) for root in roots if ".." not in pattern)


def test_every_path_in_the_docs_exists() -> None:
    wrong = [str(said) for said in spans() if looks_like_a_path(said.text) and not exists_somewhere(said)]

    assert not wrong


def test_every_address_in_the_docs_is_answered() -> None:
    api = set(described().openapi()["paths"]) | {"/api/v1/openapi.json", "/hooks/{}"}
    routes = "".join(path.read_text(encoding="utf-8") for path in (PACKAGE / "console").glob("*.py"))
    console = set(re.findall(r'"(/[\w/{}.]*)"', routes))
    answered = {re.sub(r"\{\w*\}", "{}", address) for address in api | console}
    named = [said for said in spans() if re.fullmatch(r"(?:GET |POST )?/[\w/<>{}.-]*", said.text)]

    wrong = [
        str(said)
        for said in named
        if re.sub(r"<\w+>|\{\w*\}", "{}", said.text.rpartition(" ")[2]) not in answered
        and not said.text.startswith(("/etc/", "/var/"))
    ]

    assert named
    assert not wrong


def test_every_make_target_in_the_docs_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = [Said(s.page, s.text[5:]) for s in spans() if s.text.startswith("make ")] + list(commands("make"))

    wrong = [str(said) for said in named if shlex.split(said.text)[:1] and shlex.split(said.text)[0] not in targets]

    assert named
    assert not wrong


def test_every_setting_in_the_docs_exists_and_every_setting_is_there() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    named = {(page, name) for page in PAGES for name in re.findall(rf"{PREFIX}[A-Z_]+\b", page.read_text("utf-8"))}

    assert not {f"{page.relative_to(ROOT)}: {name}" for page, name in named if name not in known}
    assert {name for page, name in named if page.stem == "settings"} == known


def classes() -> set[str]:
    found = (re.findall(r"^\s*class (\w+)", path.read_text("utf-8"), re.MULTILINE) for path in PACKAGE.rglob("*.py"))
    return {name for names in found for name in names}


def test_every_event_and_type_in_the_docs_exists() -> None:
    """Written like a class, it is one of ours: an event, an entity, an error."""
    named = [said for said in spans() if re.fullmatch(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+", said.text)]

    assert not [str(said) for said in named if said.text not in classes() | OTHERS]


def test_every_event_is_in_the_docs() -> None:
    ours = {name for name, event in events.EVENTS.items() if event.__module__.startswith("throughline.")}
    page = (DOCS / "reference" / "events.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE)) == ours


def test_every_figure_in_the_docs_is_told() -> None:
    told = set(re.findall(r"throughline_\w+", (PACKAGE / "api" / "metrics.py").read_text(encoding="utf-8")))
    named = [Said(s.page, m) for s in spans() for m in re.findall(r"throughline_\w+", s.text)]

    assert named
    assert not [str(said) for said in named if said.text.removesuffix("_total") not in told]


def test_every_kind_of_hold_is_explained() -> None:
    schema = "".join(path.read_text("utf-8") for path in (PACKAGE / "store" / "migrations").glob("*.sql"))
    table = re.search(r"create table holds \((.*?)\n\);", schema, re.DOTALL)
    assert table
    kinds = re.search(r"kind in \(([^)]+)\)", table[1])
    assert kinds
    section = (DOCS / "guides" / "operate.md").read_text("utf-8").partition("\n## Holds\n")[2].partition("\n## ")[0]

    assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == set(re.findall(r"'(\w+)'", kinds[1]))


# Commands and examples


def is_understood(arguments: str) -> bool:
    words = shlex.split(arguments)
    if words[-1] in {"--help", "--version"}:
        return not words[:-1] or " ".join(words[:-1]) in names_of_commands(app)
    try:
        app.parse_args(words, print_error=False, exit_on_error=False)
    except CycloptsError:
        return False
    return True


def names_of_commands(of: App, before: tuple[str, ...] = ()) -> Iterator[str]:
    for name in of:
        if not name.startswith("-"):
            yield " ".join((*before, name))
            yield from names_of_commands(of[name], (*before, name))


def test_every_example_of_a_command_parses() -> None:
    examples = [said for said in commands("throughline") if said.page.stem != "cli"]

    assert len(examples) > 20
    assert not [str(said) for said in examples if not is_understood(said.text)]


def test_every_command_named_in_a_sentence_exists() -> None:
    """By its name alone, or as an example that parses."""
    known = set(names_of_commands(app))
    named = [Said(s.page, re.sub(r"<[\w-]+>", "x", s.text[12:])) for s in spans() if s.text.startswith("throughline ")]

    assert len(named) > 10
    assert not [str(said) for said in named if said.text not in known and not is_understood(said.text)]


def test_every_command_is_in_the_docs() -> None:
    page = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^#+ throughline (.+)$", page, re.MULTILINE)) == set(names_of_commands(app))


def test_the_reference_pages_are_current() -> None:
    """In a process of its own: tests declare events too."""
    generate = [sys.executable, str(DOCS / "generate.py"), "--check"]

    checked = subprocess.run(generate, capture_output=True, text=True, check=False, timeout=60)

    assert checked.returncode == 0, f"run `python docs/generate.py`: {checked.stdout}{checked.stderr}"


async def test_the_example_of_a_workflow_passes_its_own_test(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (DOCS / "guides" / "add-a-workflow.md").read_text(encoding="utf-8")
    process, its_test = [text for language, text in FENCE.findall(page) if language == "python"]
    module = ModuleType("throughline.workflows.loss_review")
    names: dict[str, Any] = {}

    exec(process, module.__dict__)  # noqa: S102 - our own page, run to see that it is true
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(its_test, names)  # noqa: S102 - same

    await names["test_a_lost_deal_is_told_with_its_reason_once"]()


def test_what_the_guide_says_a_new_connector_is_made_of_is_what_is_made() -> None:

    page = (DOCS / "guides" / "add-a-connector.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| `([^`]+/[^`]+)` \|", page, re.MULTILINE)) == {
        path.replace("{name}", "<name>") for path in MADE.values()
    }
