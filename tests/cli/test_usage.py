"""How the program is asked, and how it says that it was asked wrongly."""

import inspect
import os
import pty
import subprocess
import sys
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import asyncpg
import pytest
from cyclopts import App

from tests.cli.conftest import Run, environment
from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import told
from throughline.cli.printing import money, span
from throughline.cli.program import COMMANDS, app
from throughline.settings import Settings

ASKING = (
    ("status",),
    ("trace", "006"),
    ("holds", "list"),
    ("holds", "show", "hold-1"),
    ("holds", "answer", "hold-1", "yes"),
    ("holds", "release", "hold-1"),
    ("reconcile", "run"),
    ("reconcile", "list"),
    ("reconcile", "show", "break-1"),
    ("reconcile", "complete"),
    ("runs", "cancel", "run-1", "--reason", "gone"),
    ("dead-letters", "list"),
    ("dead-letters", "show", "dead-1"),
    ("replay", "--dry-run"),
    ("replays", "list"),
    ("replays", "show", "replay-1"),
    ("replays", "cancel", "replay-1"),
    ("captures", "list"),
    ("captures", "show", "1"),
    ("archive", "list"),
    ("subscriptions", "list"),
    ("subscriptions", "test", "subscription-x"),
)
NOBODY = "postgresql://nobody@127.0.0.1:1/nothing"


def path_of(group: App, name: str) -> tuple[str, ...]:
    return (name,) if group is app else (*group.name, name)


COMMAND_LINES = [(path_of(group, name), place, said) for group, name, place, said in COMMANDS]


def test_the_version_is_told_without_importing_the_program() -> None:
    told = "import sys; sys.argv = ['throughline', '--version']; from throughline.cli import run; run()"
    heavy = (
        "print(*(name for name in ('asyncio', 'cyclopts', 'rich', 'throughline.cli.program') if name in sys.modules))"
    )

    said = subprocess.run(
        [sys.executable, "-c", f"{told}; {heavy}"], capture_output=True, text=True, check=True, env=environment()
    )

    version, modules = said.stdout.splitlines()
    assert version.count(".") == 2
    assert modules == ""


def test_the_list_of_commands_imports_none_of_them() -> None:
    asked = (
        "import sys; from throughline.cli.program import main; main([]);"
        "print([name for name in sys.modules if name in"
        " {'throughline.main', 'throughline.hub', 'aiohttp', 'asyncpg', 'pydantic'}])"
    )

    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, env=environment())

    assert said.stdout.splitlines()[-1] == "[]"
    assert "Tell the journey behind any id of any system." in said.stdout


@pytest.mark.parametrize(("command", "place", "sentence"), COMMAND_LINES)
def test_every_command_explains_itself(command: tuple[str, ...], place: str, sentence: str, run: Run) -> None:
    module, _, name = place.partition(":")

    said = run(*command, "--help")

    assert said.code == Exit.DONE
    assert " ".join(command) in said.out
    assert sentence in " ".join(said.out.split())
    # The sentence is said twice, so that the list of commands need not import them: here and there it is the same.
    function = getattr(import_module(f"throughline.cli.{module}"), name)
    assert (inspect.getdoc(function) or "").partition("\n\n")[0] == sentence


def test_no_command_at_all_lists_them(run: Run) -> None:
    said = run()

    assert said.code == Exit.DONE
    assert all(command[0] in said.out for command, _, _ in COMMAND_LINES)
    assert {name for name in app if not name.startswith("-")} == {command[0] for command, _, _ in COMMAND_LINES}


@pytest.mark.parametrize(
    ("arguments", "told_"),
    [
        (("trase", "x"), 'Did you mean "trace"'),
        (("nothing-like-it",), "Available commands: demo"),
        (("holds", "relase", "x"), 'Did you mean "release"'),
        (("trace",), "ANY_ID"),
        (("trace", "x", "--jsn"), "--json"),
        (("captures", "show", "thirty"), 'unable to convert "thirty" into int'),
        (("demo", "--until", "lunch"), "project-open"),
        (("captures", "list", "--limit", "many"), "--limit"),
    ],
)
def test_wrong_usage_says_what_would_be_right(arguments: tuple[str, ...], told_: str, run: Run) -> None:
    said = run(*arguments)

    assert said.code == Exit.USAGE
    assert told_ in said.err
    assert "--help`" in said.err
    assert "`throughline  " not in said.err
    assert said.out == ""


def test_an_unknown_setting_is_refused_with_the_known_ones(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHLINE_PROT", "80")

    said = run("status")

    assert said.code == Exit.CONFIG
    assert "THROUGHLINE_PROT" in said.err
    assert all(f"THROUGHLINE_{name.upper()}" in said.err for name in Settings.model_fields)


def test_a_setting_that_cannot_be_read_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHLINE_PORT", "console")

    said = run("up")

    assert said.code == Exit.CONFIG
    assert "THROUGHLINE_PORT" in said.err


def test_settings_come_from_the_environment_and_the_command_line_wins(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("THROUGHLINE_DATA", str(tmp_path / "from-environment"))

    by_environment, by_option = run("status"), run("status", "--data", tmp_path / "from-option")

    assert str(tmp_path / "from-environment") in by_environment.err
    assert str(tmp_path / "from-option") in by_option.err


@pytest.mark.parametrize("command", ASKING)
def test_a_question_where_nothing_is_makes_nothing(command: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    said = run(*command)

    assert said.code == Exit.UNAVAILABLE
    assert "throughline demo" in said.err
    assert said.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [*ASKING, ("up", "--port", "0"), ("worker",)])
def test_a_database_that_is_away_is_one_sentence(command: tuple[str, ...], run: Run) -> None:
    said = run(*command, "--database-url", NOBODY)

    assert said.code == Exit.UNAVAILABLE
    assert "Cannot connect to the database" in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_the_doctor_says_that_the_database_is_away_and_goes_on_to_its_end(run: Run) -> None:
    said = run("doctor", "--json", "--database-url", NOBODY)

    findings = {each["what"]: each for each in said.document}
    assert said.code == Exit.FOUND
    assert findings["disk"]["fine"]
    assert not findings["database"]["fine"]


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.InterfaceError("pool is closing"),
        asyncpg.AdminShutdownError("terminating connection due to administrator command"),
        asyncpg.TooManyConnectionsError("sorry, too many clients already"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        asyncpg.InvalidCatalogNameError('database "firm" does not exist'),
        asyncpg.InvalidPasswordError("password authentication failed"),
        asyncpg.CannotConnectNowError("the database system is shutting down"),
        ConnectionResetError(104, "Connection reset by peer"),
        OSError(28, "No space left on device"),
        TimeoutError(),
    ],
)
def test_an_outage_in_the_middle_is_one_sentence(error: Exception) -> None:
    with pytest.raises(Stop) as stopped, told():
        raise error

    assert stopped.value.code == Exit.UNAVAILABLE
    assert type(error).__name__ in str(stopped.value)
    assert "\n" not in str(stopped.value)


@pytest.mark.parametrize("fault", [ZeroDivisionError(), asyncpg.PostgresSyntaxError("syntax error at or near")])
def test_a_fault_of_ours_is_not_taken_for_an_outage(fault: Exception) -> None:
    with pytest.raises(type(fault)), told():
        raise fault


@pytest.mark.parametrize(
    "command",
    [
        ("deal",),
        ("invoice",),
        ("payment", "INV1001"),
        ("credit", "INV1001"),
        ("fault", "netsuite", "throttle"),
        ("clock",),
    ],
)
def test_without_a_sandbox_nothing_is_simulated(command: tuple[str, ...], run: Run) -> None:
    said = run("simulate", *command)

    assert said.code == Exit.UNAVAILABLE
    assert "throughline demo" in said.err


@pytest.mark.parametrize("span_", ["soon", "10", "h", "-3d", "1w", "..5h", ""])
def test_a_span_of_time_that_is_none_is_refused(span_: str, run: Run, tmp_path: Path) -> None:
    sandbox = tmp_path / ".throughline" / "sandbox"
    sandbox.mkdir(parents=True)
    (sandbox / "handout.json").write_text('{"salesforce": {"url": "http://127.0.0.1:1"}}', encoding="utf-8")

    said = run("simulate", "clock", f"--advance={span_}") if span_ else run("simulate", "clock", "--advance")

    assert said.code == Exit.USAGE


def test_a_sandbox_that_is_gone_is_one_sentence(run: Run, tmp_path: Path) -> None:
    sandbox = tmp_path / ".throughline" / "sandbox"
    sandbox.mkdir(parents=True)
    (sandbox / "handout.json").write_text('{"salesforce": {"url": "http://127.0.0.1:1"}}', encoding="utf-8")

    said = run("simulate", "deal")

    assert said.code == Exit.UNAVAILABLE
    assert "does not answer" in said.err
    assert "throughline demo" in said.err


def test_spans_and_amounts_are_worded_as_people_read_them() -> None:
    spans = [timedelta(milliseconds=41), timedelta(seconds=8), timedelta(seconds=42), timedelta(seconds=393),
             timedelta(hours=2, minutes=4), timedelta(days=69)]  # fmt: skip

    assert [span(each) for each in spans] == ["41 ms", "8.0 s", "42 s", "6 m 33 s", "2 h 04 m", "69 d"]
    assert money("148000", "EUR") == "EUR 148,000.00"
    assert money("148000", "JPY") == "JPY 148,000"
    assert money(None, "EUR") == ""


TABLE = (
    "from throughline.cli.printing import table, out, mark;"
    "rows = [('h-1', 'EUR 9.00', 'long ' * 40), ('h-22', 'EUR 1,000.00', 'short')];"
    "table(('hold', 'amount', 'why'), rows, flexible=2);"
    "out.print(mark('done'), mark('held'), mark('failed'), mark('running'), mark('waiting'))"
)


def on_a_terminal(code: str, **more: str) -> str:
    """What a terminal of 60 columns is sent."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=theirs,
        env=environment(**{"COLUMNS": "60", "TERM": "xterm-256color", **more}),
    ) as process:
        os.close(theirs)
        said = b""
        while part := _read(ours):
            said += part
    os.close(ours)
    assert process.returncode == 0
    return said.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


def test_a_table_fits_the_terminal_and_only_its_flexible_column_is_cut() -> None:
    lines = on_a_terminal(TABLE, NO_COLOR="1").splitlines()

    assert max(len(line) for line in lines) <= 60
    assert lines[1].startswith("h-1       EUR 9.00  long long")
    assert lines[1].endswith("…")
    assert lines[2] == "h-22  EUR 1,000.00  short"


def test_a_terminal_is_coloured_unless_it_asks_not_to_be() -> None:
    assert "\x1b[32m" in on_a_terminal(TABLE)
    assert "\x1b[3" not in on_a_terminal(TABLE, NO_COLOR="1")
    assert "\x1b[3" not in on_a_terminal(TABLE, TERM="dumb")


def test_a_pipe_gets_whole_lines_without_colours() -> None:
    said = subprocess.run([sys.executable, "-c", TABLE], capture_output=True, text=True, check=True, env=environment())

    assert "\x1b" not in said.stdout
    assert ("long " * 40).strip() in said.stdout
    assert said.stdout.splitlines()[-1] == "✓ ! ✗ … ○"


def test_where_symbols_cannot_be_shown_letters_are() -> None:
    said = subprocess.run(
        [sys.executable, "-c", TABLE], capture_output=True, text=True, check=True,
        env=environment(PYTHONIOENCODING="ascii"),
    )  # fmt: skip

    assert said.stdout.splitlines()[-1] == "+ ! x ~ -"


def test_a_name_the_terminal_cannot_spell_ends_no_command() -> None:
    told = (
        "from throughline.cli.program import main; from throughline.cli.printing import out;"
        "main(['nothing-like-it']); out.print('Łódź')"
    )

    said = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, check=False,
        env=environment(PYTHONIOENCODING="ascii"),
    )  # fmt: skip

    assert (said.returncode, said.stdout) == (0, "\\u0141\\xf3d\\u017a\n")


def test_who_stops_reading_gets_no_traceback() -> None:
    document = "from throughline.cli.printing import document; document('x', ['y' * 80] * 20000)"
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen(
        [sys.executable, "-c", document], stdout=writer, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(writer)
        _, complaints = process.communicate()

    assert (process.returncode, complaints) == (0, "")
