"""Rules worth repeating in review, each with its reason."""

import ast
import re
import shutil
import subprocess
import tomllib
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "throughline"
MODULES = sorted(PACKAGE.rglob("*.py"))
EVERY_PYTHON_FILE = sorted(path for top in ("src", "tests", "bench", "docs") for path in (ROOT / top).rglob("*.py"))
MIGRATIONS = sorted((PACKAGE / "store" / "migrations").glob("*.sql"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

LONGEST_MODULE, LONGEST_FUNCTION = 300, 45

# Where everything may be caught: the run loop, and where a fault of one must not stop all. The sandbox is not asked: it
# stands apart, and a simulator's fault is an answer like any other.
CATCH_ALL = {
    "hub/runs.py": "the run loop: whatever a process raises is a defect of that run, and of no other",
    "hub/polls.py": "a record nobody foresaw must not stop the polls of other kinds and systems",
    "hub/heard.py": "whatever a connector makes of a delivery, it is that delivery's own trouble",
    "hub/intake.py": "a delivery nobody foresaw is found by taking them one by one; the others go on",
    "hub/second_tries.py": "a record that fails once more is a dead letter once more; the others go on",
    "hub/replaying.py": "an item nobody foresaw is left with its reason; the replay goes on behind it",
    "hub/plan.py": "as in the run loop: a defect is what the plan has to tell",
    "hub/reconciliation/making.py": "a fault in one comparison is told with it; the others are made",
    "hub/captures.py": "why a commit failed is handed to everyone who waits for it",
    "hub/together.py": "the same: whoever waits gets the error of their own item",
    "worker/__init__.py": "a tick that ended silently would leave nobody to sweep, poll or beat",
    "testing/connector_writing.py": "whatever a connector raises, it must not tell a secret",
}
# Where the real clock and real chance are taken; everybody else is handed them.
CLOCK_AND_CHANCE = {
    "main.py": "builds everything from the real world",
    "cli/doctor.py": "compares this machine's own clock with the database's",
    "cli/serve.py": "gives a worker a name nobody else has",
}
# Where SQL may ask the database what time it is.
DATABASE_CLOCK = {
    "store/passes.py": "a volatile call keeps the planner from trying a refusal early; the time itself decides nothing",
    "store/clocks.py": "is what a machine's own clock is compared with; nothing is written with it",
}
NEVER_INSTALLED = {
    "httpx": "1.6 ms of CPU per call; aiohttp costs 0.1 (decision 0005)",
    "httpx2": "0.55 ms (decision 0005)",
    "niquests": "0.57 ms (decision 0005)",
    "requests": "blocks the loop",
    "sqlalchemy": "plain SQL through asyncpg (decision 0002)",
    "numpy": "the base install stays below 150 MB",
    "pandas": "same",
    "polars": "same",
    "pyarrow": "same",
}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


# Small


def test_no_module_is_longer_than_a_person_reads_at_once() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{name_of(path)}:{each.lineno} {each.name}": lines
        for path in MODULES
        for each in functions(path)
        if each.end_lineno and (lines := each.end_lineno - each.lineno + 1) > LONGEST_FUNCTION
    }

    assert long == {}


# Named


def test_every_module_opens_with_a_sentence_that_says_what_it_is_for() -> None:
    silent = [name_of(path) for path in MODULES if len((ast.get_docstring(parsed(path)) or "").split()) < 3]

    assert silent == []


def test_no_module_is_a_drawer_for_what_has_no_noun() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}

    assert [name_of(path) for path in MODULES if drawers & {path.stem, *path.relative_to(PACKAGE).parts}] == []


def test_no_class_is_named_after_nothing() -> None:
    """A controller recognises the business, not a Manager of it."""
    empty = re.compile(r"\w*(Manager|Service|Handler|Processor|Helper|Utils)$")
    classes = (
        (path, node.name) for path in MODULES for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef)
    )

    assert [f"{name_of(path)}: {name}" for path, name in classes if empty.fullmatch(name)] == []


# Repeatable


def takes_clock_or_chance(node: ast.AST) -> bool:
    """A call that asks the machine for the time, for chance, or for an id."""
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    return bool(
        re.fullmatch(
            r"(datetime\.)?(datetime|date)\.(now|utcnow|today)|time\.time(_ns)?|(uuid\.)?uuid[147]|os\.urandom"
            r"|secrets\.\w+|random\.(?!Random$)\w+",
            called,
        )
    )


def test_the_clock_and_chance_are_arguments() -> None:
    """Only then can a whole estate be run in virtual time from a seed, killed at any line, and replayed exactly."""
    found = {
        name_of(path)
        for path in MODULES
        if not name_of(path).startswith("sandbox/") and any(map(takes_clock_or_chance, ast.walk(parsed(path))))
    }

    assert found == set(CLOCK_AND_CHANCE)


def statements(path: Path) -> Iterator[str]:
    """The texts of a module that may be SQL: everything quoted but what documents."""
    documenting = {
        node.body[0].value
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documenting:
            yield node.value


def test_no_statement_asks_the_database_for_the_time_or_for_chance() -> None:
    """What it says would decide something, and no test could drive it."""
    asks = re.compile(
        r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|random|gen_random_uuid)\(\)"
        r"|\bcurrent_(date|time|timestamp)\b|\blocaltime(stamp)?\b",
        re.IGNORECASE,
    )
    in_python = {name_of(path) for path in MODULES for text in statements(path) if asks.search(text)}
    in_sql = {path.name for path in MIGRATIONS if asks.search(re.sub(r"--.*", "", path.read_text(encoding="utf-8")))}

    assert {name for name in in_python if not name.startswith("sandbox/")} == set(DATABASE_CLOCK)
    assert in_sql == set()


def test_settings_are_read_by_the_program_and_by_nobody_below_it() -> None:
    """What a module needs is in its signature."""
    readers = {name_of(path) for path in MODULES if "throughline.settings" in imported(path)}

    assert {name for name in readers if name not in {"main.py", "server.py"} and not name.startswith("cli/")} == set()


# Honest


def swallows(node: ast.AST) -> bool:
    """Catches everything and does not hand it on."""
    if not isinstance(node, ast.ExceptHandler):
        return False
    caught = "BaseException" if node.type is None else ast.unparse(node.type)
    return bool(re.search(r"\b(Base)?Exception\b", caught)) and not isinstance(node.body[-1], ast.Raise)


def test_everything_is_caught_only_where_it_is_said_why() -> None:
    """Catch what you can name and can handle; a swallowed defect is found by the customer."""
    found = [name_of(path) for path in MODULES for node in ast.walk(parsed(path)) if swallows(node)]

    assert {name for name in found if not name.startswith("sandbox/")} == set(CATCH_ALL)
    assert found.count("hub/runs.py") == 1


def test_whoever_switches_a_check_off_says_why() -> None:
    switch = re.compile(
        r"#\s*(noqa(?!\w)|type:\s*ignore|pyright:\s*ignore)(?P<codes>(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)|\[[^\]]*\])?"
    )
    wrong: list[str] = []
    for path in EVERY_PYTHON_FILE:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found = list(switch.finditer(line))
            if found and path != Path(__file__):
                reason = re.sub(r"[\W_]", "", line[found[-1].end() :])
                if len(reason) < 4 or not all(each["codes"] for each in found):
                    wrong.append(f"{path.relative_to(ROOT)}:{number}")

    assert wrong == []


def test_nothing_is_left_for_later_in_a_comment() -> None:
    """Work to be done has an issue with a number, or it is never done."""
    later = re.compile(r"#\s*(TODO|FIXME|XXX|HACK)\b(?!.*#\d+)")

    assert [name_of(path) for path in MODULES if later.search(path.read_text(encoding="utf-8"))] == []


def test_no_test_replaces_what_it_tests() -> None:
    """Fakes, not mocks: a mock agrees with whatever the code does."""
    tests = [path for path in EVERY_PYTHON_FILE if path.is_relative_to(ROOT / "tests")]

    assert [str(path.relative_to(ROOT)) for path in tests if {"unittest.mock", "mock"} & set(imported(path))] == []


# In its place


def test_a_connector_knows_the_core_and_itself() -> None:
    """So that it can be read alone, shipped alone, and thrown away alone."""
    wrong: list[str] = []
    for path in sorted((PACKAGE / "connectors").rglob("*.py")):
        own = f"throughline.connectors.{path.relative_to(PACKAGE / 'connectors').parts[0]}"
        ours = {name for name in imported(path) if name.startswith("throughline")}
        wrong += [
            f"{name_of(path)}: {name}"
            for name in ours
            if not name.startswith(("throughline.core", f"{own}.")) and name != own
        ]

    assert wrong == []


def test_a_workflow_knows_the_core_and_no_product() -> None:
    """A firm may change its ERP without anybody reading the process again."""
    products = re.compile(r"salesforce|netsuite|kantata|slack|workday", re.IGNORECASE)
    flows = sorted((PACKAGE / "workflows").glob("*.py"))
    ours = {name for path in flows for name in imported(path) if name.startswith("throughline.")}

    assert {name for name in ours if not name.startswith("throughline.core")} == set()
    assert [name_of(path) for path in flows if products.search(path.read_text(encoding="utf-8"))] == []


def test_no_import_hides_under_type_checking() -> None:
    """A circle means that a noun is on the wrong floor: move it down."""
    assert [name_of(path) for path in MODULES if "TYPE_CHECKING" in path.read_text(encoding="utf-8")] == []


def tracked() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nobody knows which files are ours")
    listed = subprocess.run(
        [git, "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    """It is nowhere else."""
    place = re.compile(rb"(?<![\w.~*}>-])/(?:work|root|tmp|home|Users)/[\w.]")
    files = [path for path in tracked() if path.suffix not in {".woff2", ".png", ".lock"}]

    assert files
    assert [str(path.relative_to(ROOT)) for path in files if place.search(path.read_bytes())] == []


# Shipped


def installed_with(name: str) -> set[str]:
    """Everything that installing a package brings, as the lock file has it."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    needs = {package["name"]: [each["name"] for each in package.get("dependencies", ())] for package in lock["package"]}
    found, left = set[str](), [name]
    while left:
        if (next_ := left.pop()) not in found:
            found.add(next_)
            left += needs.get(next_, ())
    return found


def test_a_base_install_brings_nothing_we_refused() -> None:
    assert {name: why for name, why in NEVER_INSTALLED.items() if name in installed_with("throughline")} == {}


def test_nothing_that_is_not_installed_is_imported() -> None:
    assert [
        name_of(p) for p in MODULES if {name.partition(".")[0] for name in imported(p)} & set(NEVER_INSTALLED)
    ] == []


def entry_points() -> list[tuple[str, str, str]]:
    groups = PROJECT["project"]["entry-points"] | {"scripts": PROJECT["project"]["scripts"]}
    return [(group, name, place) for group, entries in groups.items() for name, place in entries.items()]


@pytest.mark.parametrize(("group", "name", "place"), entry_points())
def test_an_entry_point_leads_to_something_of_its_name(group: str, name: str, place: str) -> None:
    module, _, attribute = place.partition(":")

    found = getattr(import_module(module), attribute)

    assert group == "scripts" or found.name == name


def test_every_connector_and_every_workflow_is_declared() -> None:
    """One that is not declared is not there."""
    places = {place.partition(":")[0] for _, _, place in entry_points()}
    connectors = {
        f"throughline.connectors.{path.parent.name}" for path in (PACKAGE / "connectors").glob("*/__init__.py")
    }
    workflows = {
        f"throughline.workflows.{path.stem}" for path in (PACKAGE / "workflows").glob("*.py") if path.stem != "__init__"
    }

    assert connectors | workflows <= places


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    """Migrations, templates, static files and the demo firm are no modules, and easily left out."""
    own = ROOT / ".tools" / "uv" / "bin" / "uv"
    uv = str(own) if own.exists() else shutil.which("uv")
    if uv is None:
        pytest.skip("no uv here: `make setup` brings it")
    built = subprocess.run(
        [uv, "build", "--wheel", "--offline", "--quiet", "--out-dir", str(tmp_path), str(ROOT)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "hatchling" in built.stderr and "offline" in built.stderr.lower():
        pytest.skip("uv has not fetched hatchling yet, and tests do not fetch")
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")

    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("throughline/")}

    ours = [path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {f"throughline/{name_of(path)}" for path in ours} == shipped
    assert {"throughline/store/migrations/0001_foundation.sql", "throughline/demo/firm/firm.yaml"} <= shipped
