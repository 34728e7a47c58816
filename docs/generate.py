"""Writes the reference pages from the program itself: `docs/generate.py`, or with `--check`, says which are stale."""

import inspect
import sys
from pathlib import Path

from pydantic.fields import FieldInfo

from throughline.api import application
from throughline.cli.exits import Exit
from throughline.cli.program import app
from throughline.core.events import EVENTS, Event
from throughline.core.rights import FOR, MEANING, OF_THE_WHOLE_FIRM, OPEN, ROLES, PersonRole, Right
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
    return {"cli.md": cli(), "events.md": events(), "rights.md": rights(), "settings.md": settings()}


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


def rights() -> str:
    heads = " | ".join(PersonRole)
    roles = "".join(
        f"| `{right}` | {MEANING[right]} | {' | '.join('yes' if right in ROLES[role] else '' for role in PersonRole)}"
        f" | {'' if right in OF_THE_WHOLE_FIRM else 'yes'} |\n"
        for right in Right
    )
    people = "".join(f"| {role} | {said} |\n" for role, said in FOR.items())
    described = application.described()
    addresses = "".join(
        f"| `{each.method}` | `{each.path}` | {'open to all' if each.needs == OPEN else f'`{each.needs}`'} |\n"
        for each in sorted(application.addresses(described), key=lambda each: (each.path, each.method))
    )
    return (
        f"# Rights\n\n{MADE}\n\n"
        "What each role may do. Each address needs exactly one right; whoever lacks it is refused and told which one.\n"
        "Somebody who is limited to some of the firm's companies keeps only what is marked in the last column.\n\n"
        f"| role | is for |\n|---|---|\n{people}\n"
        f"| right | what it allows | {heads} | limited |\n|---|---|{'---|' * len(PersonRole)}---|\n{roles}\n"
        "## Addresses of the API\n\n"
        f"| method | address | needs |\n|---|---|---|\n{addresses}"
    )


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
