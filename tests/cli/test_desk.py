"""The desk at a terminal, on a database of one's own: cuts, hands, causes and batches."""

import asyncio

import asyncpg
import pytest

from tests.cli.conftest import Run
from throughline.cli.exits import Exit

FILL = """insert into holds (id, run, lane, subject, name, kind, why, fix, owner, amount, currency, choices, candidates,
    correlation, state, opened_at, workflow, fingerprint, cause)
  values ('hold-1', 'run-1', 'lane-1', 'deal-1', 'p', 'hold', 'No rate', 'Add one.', 'PMO', 10, 'EUR', '{}', '[]',
    'deal-1', 'open', '2026-11-20', 'sells', 'cause-1', 'cause-1'),
    ('hold-2', 'run-2', 'lane-2', 'deal-2', 'p', 'hold', 'No rate', 'Add one.', 'PMO', null, null, '{}', '[]',
    'deal-2', 'open', '2026-11-20', 'sells', 'cause-1', 'cause-1');
insert into causes (id, workflow, kind, pattern, state, first_at)
  values ('cause-1', 'sells', 'hold', 'No rate', 'open', '2026-11-20')"""


@pytest.fixture
def at(run: Run, database_url: str) -> tuple[str, ...]:
    """Two holds of one cause, one of them of an amount nobody knows."""
    said = ("--database-url", database_url)
    assert run("holds", "list", *said).code == Exit.DONE

    async def fill() -> None:
        connection = await asyncpg.connect(database_url)
        await connection.execute(FILL)
        await connection.close()

    asyncio.run(fill())
    return said


def test_a_list_ends_with_what_it_comes_to_and_what_nobody_knows(run: Run, at: tuple[str, ...]) -> None:
    listed, cut = run("holds", "list", *at), run("holds", "list", "--unknown", "--json", *at)

    assert "2 holds; EUR 10.00 at risk; 1 of unknown amount" in listed.out
    assert [each["id"] for each in cut.document] == ["hold-2"]
    assert run("holds", "list", "--owner", "Nobody", *at).err.strip() == "No hold is like that."


def test_a_hold_is_assigned_noted_and_snoozed_and_tells_so(run: Run, at: tuple[str, ...]) -> None:
    for words in (
        ("assign", "hold-1", "Ann"),
        ("note", "hold-1", "Called them."),
        ("snooze", "hold-1", "2999-01-01"),
    ):
        assert run("holds", *words, "--person", "Bo", *at).code == Exit.DONE, words

    shown = run("holds", "show", "hold-1", *at).out

    assert "assigned to Ann" in shown
    assert "Bo noted: Called them." in shown
    assert "snoozed     until 01 Jan" in shown
    assert run("holds", "list", "--state", "snoozed", "--json", *at).document[0]["id"] == "hold-1"
    assert run("holds", "snooze", "hold-1", "2001-01-01", *at).code == Exit.CONFLICT
    assert run("holds", "note", "hold-x", "text", *at).code == Exit.FOUND


def test_causes_are_listed_shown_split_merged_and_parted(run: Run, at: tuple[str, ...]) -> None:
    assert "2 holds; EUR 10.00 at risk; 1 of unknown amount" in run("causes", "list", *at).out
    assert "The same process sells and reason" in run("causes", "show", "cause-1", *at).out

    assert run("causes", "split", "cause-1", "hold-2", "--reason", "Another.", *at).code == Exit.DONE
    new = next(each["id"] for each in run("causes", "list", "--json", *at).document if each["id"] != "cause-1")
    assert run("causes", "merge", new, "cause-1", "--reason", "The same.", *at).code == Exit.DONE
    assert run("causes", "part", "cause-1", "--reason", "Not so.", *at).code == Exit.DONE
    assert run("causes", "resolve", "cause-1", "--reason", "Mended.", *at).code == Exit.CONFLICT
    assert run("causes", "show", "cause-x", *at).code == Exit.FOUND


def test_a_batch_is_foretold_then_done_and_shown(run: Run, at: tuple[str, ...]) -> None:
    deed = ("batches", "start", "assign", "--to", "Ann", "--owner", "PMO", "--reason", "She knows.")

    foretold = run(*deed, "--dry-run", *at)
    done = run(*deed, "--expect", "2", "--json", *at)

    assert "2 holds; EUR 10.00 at risk; 1 of unknown amount. Nothing was done." in foretold.out
    assert (done.code, done.document["state"], done.document["counts"]) == (Exit.DONE, "done", {"done": 2})
    assert run("batches", "show", done.document["id"], *at).code == Exit.DONE
    assert done.document["id"] in run("batches", "list", *at).out
    assert run("batches", "cancel", done.document["id"], *at).code == Exit.CONFLICT
    assert run("batches", "show", "batch-x", *at).code == Exit.FOUND
    assert run(*deed, "--expect", "3", *at).code == Exit.CONFLICT
    assert "2 holds" in run("causes", "clear", "cause-1", "--reason", "Added.", "--dry-run", *at).out
