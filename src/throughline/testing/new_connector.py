"""`python -m throughline.testing.new_connector NAME`: a connector that works and passes the contract, to be changed."""

import re
import sys
from pathlib import Path
from string import Template

TEMPLATES = Path(__file__).with_name("connector_template")
FILES = {
    "init.txt": "src/throughline/connectors/{name}/__init__.py",
    "api.txt": "src/throughline/connectors/{name}/api.py",
    "mapping.txt": "src/throughline/connectors/{name}/mapping.py",
    "readme.txt": "src/throughline/connectors/{name}/README.md",
    "test_contract.txt": "tests/connectors/{name}/test_contract.py",
    "test_api.txt": "tests/connectors/{name}/test_api.py",
}
NAME = re.compile(r"[a-z][a-z0-9_]{1,40}")


class Unfit(ValueError):
    """The connector cannot be started: what is wrong, and what to do."""


def start(name: str, root: Path) -> list[Path]:
    """Write the files of a new connector under `root`; nothing that is there is ever written over."""
    if not NAME.fullmatch(name):
        raise Unfit(f"{name!r} is no name for a connector: use small letters, digits and _, such as harvest")
    wanted = {root / path.format(name=name): TEMPLATES / template for template, path in FILES.items()}
    if there := [path for path in wanted if path.exists()]:
        raise Unfit(f"{there[0].relative_to(root)} is there already: choose another name, or delete it first")
    title = name.replace("_", " ").title()
    for path, template in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        text = Template(template.read_text(encoding="utf-8")).substitute(name=name, Title=title)
        path.write_text(text, encoding="utf-8")
    return list(wanted)


def next_steps(name: str) -> str:
    """What only its author can do."""
    return f"""Now:
  1. Add to pyproject.toml, under [project.entry-points."throughline.connectors"]:
       {name} = "throughline.connectors.{name}:CONNECTOR"
     and run `make setup`.
  2. Run `make test ARGS=tests/connectors/{name}`: it passes. Change it until it speaks your vendor's language.
  3. Write down every surprise in its README: one sentence of fact, one of why it matters.
"""


def main(arguments: list[str], root: Path) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: make new-connector NAME=harvest\n")
        return 2
    try:
        written = start(arguments[0], root)
    except Unfit as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(f"wrote {path.relative_to(root)}\n" for path in written)
    sys.stdout.write(next_steps(arguments[0]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], Path.cwd()))
