"""Writes the reference pages from the program itself: `docs/generate.py`, or with `--check`, says which are stale."""

import inspect
import sys
from pathlib import Path

from pydantic.fields import FieldInfo

from throughline.cli.exits import Exit
from throughline.cli.program import app
from throughline.core.events import EVENTS, Event
from throughline.main import installed_workflows
from throughline.settings import PREFIX, Settings

HERE = Path(__file__).parent / "reference"
MADE = "<!-- Made by `docs/generate.py`. Change the program, then run it again. -->"
ENDINGS = {
    Exit.DONE: "done",
    Exit.FOUND: "something is not as it should be, or what was asked for is not there",
    Exit.USAGE: "the command was not understood",
    Exit.CONFIG: "a setting or the firm's folder is wrong; nothing was changed",
    Exit.NOT_ALLOWED: "not allowed",
    Exit.CONFLICT: "it cannot be done as things are",
    Exit.UNAVAILABLE: "the database or a system cannot be reached",
    Exit.PARTLY: "some of it is done, and the rest waits",
    Exit.INTERRUPTED: "interrupted",
}


def pages() -> dict[str, str]:
    """Every reference page, by the name of its file."""
    return {"cli.md": cli(), "events.md": events(), "settings.md": settings()}


def cli() -> str:
    title, _, commands = app.generate_docs().partition("\n\n")
    exits = "".join(f"| {code.value} | {ENDINGS[code]} |\n" for code in Exit)
    return (
        f"{title}\n\n{MADE}\n\n{commands.rstrip()}\n\n"
        f"## Exit codes\n\nThe same for every command.\n\n| code | what it means |\n|---|---|\n{exits}"
    )


def events() -> str:
    rows = "".join(_event(name, event) for name, event in sorted(EVENTS.items()))
    return (
        f"# Events\n\n{MADE}\n\n"
        "What happened, in the past tense. An event is kept in the same transaction as the change it means, and once.\n"
        "It carries ids and values, never records.\n\n"
        f"| event | what happened | about | also carries | starts |\n|---|---|---|---|---|\n{rows}"
    )


def _event(name: str, event: type[Event]) -> str:
    carries = ", ".join(f"`{field}`" for field in event.model_fields if field != event.subject)
    starts = ", ".join(sorted(f"`{each.name}`" for each in installed_workflows() if each.starts_with(event)))
    return f"| `{name}` | {inspect.getdoc(event)} | `{event.subject}` | {carries} | {starts} |\n"


def settings() -> str:
    rows = "".join(_setting(name, field) for name, field in Settings.model_fields.items())
    return (
        f"# Settings\n\n{MADE}\n\n"
        "Settings come from the environment and are read once, at the start. An unknown name that begins with\n"
        f"`{PREFIX}` is an error. What is said on the command line wins. `DATABASE_URL` is read as well, when\n"
        f"`{PREFIX}DATABASE_URL` is not set.\n\n"
        f"| setting | if not set | what it is |\n|---|---|---|\n{rows}"
    )


def _setting(name: str, field: FieldInfo) -> str:
    unset = "" if field.default is None else f"`{field.default}`"
    return f"| `{PREFIX}{name.upper()}` | {unset} | {field.description} |\n"


def main(arguments: list[str]) -> int:
    made = pages()
    stale = [name for name, text in made.items() if not _is(HERE / name, text)]
    sys.stdout.writelines(f"{name}\n" for name in stale)
    if "--check" in arguments:
        return int(bool(stale))
    for name in stale:
        (HERE / name).write_text(made[name], encoding="utf-8")
    return 0


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
