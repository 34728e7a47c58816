"""The quick way and the plain way give the same answers, to the cent and to the word."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throughline.core.billing.book import Book
from throughline.core.billing.combine import combine, line_key
from throughline.core.billing.headings import totals
from throughline.core.billing.lines import DECODER
from throughline.core.billing.outcome import Held, NotCharged, Outcome
from throughline.core.billing.stream import Batch, Stream
from throughline.core.billing.terms import terms_of_project
from throughline.core.billing.time import time_charge
from throughline.core.entities import (
    Assignment,
    AssignmentId,
    BillingItem,
    ContractId,
    PeriodState,
    Project,
    ProjectId,
    ResourceId,
    Task,
    TaskId,
    TaskKind,
    TimeEntry,
)
from throughline.core.exact import digest
from throughline.core.money import plain
from throughline.core.rows import BillingRuleRow, WriteDownRow
from throughline.core.tables import Table

type Books = Callable[..., Book]
type Tables = Callable[..., Table[Any]]

PLANT = ProjectId("plant")
DAYS = [
    "2026-10-31",
    "2026-11-01",
    "2026-11-10",
    "2026-11-30",
    "2026-12-01",
    "2027-01-01",
    "2026-13-01",
    "20261110",
    "",
]
HOURS: list[Any] = ["0", "24", "24.01", "-1", "1e1", " 8", "eight", 8, 7.5, None]
APPROVALS: list[Any] = [
    {"state": "approved", "by": "pm"},
    {"state": "approved", "by": "pm", "at": "2026-11-16T09:00:00+01:00", "note": "fine"},
    {"state": "approved", "by": "pm", "at": "yesterday"},
    {"state": "approved"},
    {"state": "submitted", "by": "pm"},
    {"state": "agreed", "by": "pm"},
    None,
]
MONIES: list[Any] = [None, {"amount": "95.5", "currency": "EUR"}, {"amount": "x", "currency": "EUR"},
                     {"amount": "1", "currency": "XYZ"}]  # fmt: skip


def mostly(good: list[Any], odd: list[Any]) -> st.SearchStrategy[Any]:
    """Lines are wrong in one place or none, as they are in life: one that is wrong everywhere is refused at once."""
    return st.sampled_from(good * (1 + 25 * len(odd) // len(good)) + odd)


LINES = st.fixed_dictionaries(
    {
        "id": mostly(["t1", "t2", "\u00e4"], ["t\t3", " ", ""]),
        "project": mostly(["plant", "cheap", "twin"], ["fixed", "nowhere"]),
        "resource": mostly(["anna", "boris"], ["nobody"]),
        "day": mostly(["2026-11-04", "2026-11-10", "2026-11-15", "2026-11-20"], DAYS),
        "hours": mostly(["8", "7.50", "0.25", "3.333333", "0.125"], HOURS),
        "billable": mostly([True], [False, "yes"]),
        "approval": mostly(APPROVALS[:2], APPROVALS[2:]),
    },
    optional={
        "task": mostly(["build", None], ["travel", "other"]),
        "role": mostly(["Consultant", "Partner", None], ["Astronaut", ""]),
        "overtime": mostly([True, False, None], [1]),
        "rate": mostly(MONIES[:2], MONIES[2:]),
        "cost_rate": mostly(MONIES[:2], MONIES[2:]),
        "note": mostly(["Reactor", "", None], [5]),
    },
) | st.fixed_dictionaries({"id": st.just("t4"), "stranger": st.just(1)})


@pytest.fixture(scope="module", params=["write-downs of a project", "rules of a contract"])
def estate(request: pytest.FixtureRequest, book_with: Books, table: Tables, rates: Tables) -> Book:
    """Projects under different terms, with rates that change in the month and rates of one person and region."""
    plant = next(each for each in book_with().projects.values() if each.id == PLANT)
    cheap = plant.model_copy(update={"id": ProjectId("cheap"), "code": "P-2", "rate_card": "Cheap"})
    twin = cheap.model_copy(update={"id": ProjectId("twin"), "code": "P-4", "contract": ContractId("other")})
    fixed = plant.model_copy(update={"id": ProjectId("fixed"), "code": "P-3", "commercial_model": "fixed_fee"})
    crew = [
        Assignment(id=AssignmentId(f"{who}-{where}"), project=ProjectId(where), resource=ResourceId(who))
        for who in ("anna", "boris")
        for where in ("cheap", "twin", "fixed")
    ]
    frame = book_with().contracts["frame"]
    other = frame.model_copy(update={"id": ContractId("other"), "starts": date(2026, 11, 10)})
    builds = [
        Task(
            id=TaskId(f"build-{where}"),
            project=ProjectId(where),
            title="B",
            task_kind=TaskKind.TASK,
            position=1,
            billable=True,
        )
        for where in ("cheap", "twin")
    ]
    boris = Assignment(
        id=AssignmentId("a0"), project=PLANT, resource=ResourceId("boris"), starts=date(2026, 11, 5), role="Architect"
    )
    card = {"rate_card": "Cheap", "currency": "EUR"}
    more = rates(
        {**card, "role": "Consultant", "hourly_rate": "33.335"},
        {**card, "role": "Consultant", "effective_from": date(2026, 11, 15), "hourly_rate": "35"},
        {**card, "role": "Consultant", "region": "DACH", "hourly_rate": "36.6"},
        {**card, "role": "Partner", "person": "boris", "hourly_rate": "99.99"},
    )
    down = {"project": "P-2", "percent": "5", "effective_from": date(2026, 11, 20)}
    general = {"combine_by": "project role", "round_at": "item", "rounding": "half_up", "overtime_percent": "125"}
    own = {"contract": "frame", "combine_by": "person day", "round_at": "line", "rounding": "half_even"}
    by_project = request.param.startswith("write-downs")
    downs = table(WriteDownRow, *([down] if by_project else []))
    rules = table(BillingRuleRow, general, *([] if by_project else [own | {"overtime_percent": "125"}]))
    projects = [Project.model_validate(dict(each)) for each in (cheap, twin, fixed)]
    return book_with(*projects, *crew, boris, other, *builds, tables=[more, downs, rules])


def raw(line: dict[str, Any]) -> bytes:
    return json.dumps(line).encode() + b"\n"


def settled(line: dict[str, Any]) -> dict[str, Any]:
    """Each project has a task of its own to build on."""
    own = {"cheap": "build-cheap", "twin": "build-twin"}.get(line.get("project", ""))
    return line | {"task": own} if own and line.get("task") == "build" else line


def plainly(line: bytes, book: Book) -> Outcome | None:
    """By the canonical model alone; None when it refuses the line."""
    try:
        entry = TimeEntry.model_validate_json(line)
    except ValueError:
        return None
    return time_charge(entry, book)


def said(outcome: Outcome | None, book: Book) -> object:
    match outcome:
        case BillingItem():
            key = digest(line_key(outcome, terms_of_project(outcome.project or "", book)))
            quantity, amount, rate = (plain(each) for each in (outcome.quantity, outcome.amount.amount,
                                                               outcome.unit_price.amount))  # fmt: skip
            return outcome.source_reference, key, outcome.role, quantity, rate, amount, outcome.period
        case NotCharged() | Held():
            return outcome
        case None:
            return None


def said_by(batch: Batch) -> dict[int, object]:
    charged: dict[int, object] = {
        number: (line.id, heading.key, role, amount[0], heading.unit_price, amount[1], heading.period)
        for number, line, heading, role, amount in batch.charged
    }
    return charged | dict(batch.not_charged) | dict(batch.held)


@settings(max_examples=400, deadline=None)
@given(lines=st.lists(LINES, min_size=1, max_size=6))
def test_the_quick_way_says_what_the_plain_way_says(estate: Book, lines: list[dict[str, Any]]) -> None:
    raws = [raw(settled(line)) for line in lines]

    found = said_by(Stream(estate).feed(raws))

    assert sorted(found) == list(range(1, len(raws) + 1))
    for number, line in enumerate(raws, 1):
        expected = said(plainly(line, estate), estate)
        assert found[number] == expected or (expected is None and isinstance(found[number], Held))


@settings(max_examples=150, deadline=None)
@given(lines=st.lists(LINES, min_size=1, max_size=20), size=st.integers(1, 20))
def test_the_totals_are_those_of_the_charges_combined_one_by_one(
    estate: Book, lines: list[dict[str, Any]], size: int
) -> None:
    raws = [raw(settled(line) | {"id": f"t{number}"}) for number, line in enumerate(lines)]
    items = [item for line in raws if isinstance(item := plainly(line, estate), BillingItem)]
    stream = Stream(estate)

    found = totals(stream.feed(some).counts() for some in (raws[at : at + size] for at in range(0, len(raws), size)))

    combined = [each.line for each in combine(items, estate)]
    assert sorted((each.amount, each.quantity) for each in found) == sorted((e.amount, e.quantity) for e in combined)


def test_most_lines_take_the_quick_way(estate: Book, entry: Callable[..., TimeEntry]) -> None:
    """Without it the property above would hold, and nothing would be quick."""
    stream, batch = Stream(estate), Batch()
    lines = [DECODER.decode(entry(id=f"t{n}", billable=n % 2 == 0).model_dump_json()) for n in range(10)]

    quick = [stream._quick(line, number, batch) for number, line in enumerate(lines)]  # pyright: ignore[reportPrivateUsage] - nothing outside tells

    assert all(quick)
    assert (len(batch.charged), len(batch.not_charged)) == (5, 5)


def test_a_line_that_cannot_be_read_names_itself_and_everything_that_is_wrong(estate: Book) -> None:
    broken = {"id": "t9", "project": "plant", "resource": "anna", "day": "tomorrow", "hours": 7.5, "billable": "yes"}

    ((number, held),) = Stream(estate).feed([raw(broken)], first=7).held

    assert (number, held.reference) == (7, "t9")
    assert all(
        field in held.why for field in ("day: 'tomorrow' is not a day", "hours: 7.5 is not an exact", "billable")
    )


@pytest.mark.parametrize("line", [b"", b"{", b"\xff\xfe", b"[]", b'{"id": 5}', b"null"])
def test_a_line_that_is_no_entry_at_all_is_held_under_its_number(estate: Book, line: bytes) -> None:
    ((_, held),) = Stream(estate).feed([line], first=12).held

    assert held.reference == "line 12"


def test_what_was_charged_before_is_held_and_not_charged_again(estate: Book, entry: Callable[..., TimeEntry]) -> None:
    lines = [entry(id=f"t{n}").model_dump_json().encode() for n in range(3)]

    batch = Stream(estate).feed(lines, charged_before={"t1"})

    assert [line.id for _, line, *_ in batch.charged] == ["t0", "t2"]
    ((number, held),) = batch.held
    assert (number, held.amount is not None) == (2, True)


def test_a_closed_period_goes_by_its_policy_on_the_quick_way_too(
    book_with: Books, entry: Callable[..., TimeEntry]
) -> None:
    closed = book_with(**{"DE-2026-11": {"state": PeriodState.CLOSED}})

    batch = Stream(closed).feed([entry().model_dump_json().encode()])

    assert "closed" in batch.held[0][1].why


def test_what_is_decoded_quickly_has_every_field_of_the_canonical_entry() -> None:
    assert set(msgspec.structs.asdict(DECODER.decode(
        b'{"id":"1","project":"p","resource":"r","day":"2026-11-10","hours":"1","billable":true}'
    ))) == set(TimeEntry.model_fields)  # fmt: skip


def test_a_task_is_not_mistaken_for_another_projects(estate: Book, entry: Callable[..., TimeEntry]) -> None:
    lines = [entry(id="a"), entry(id="b", project="cheap", task="build"), entry(id="c", task=TaskId("other"))]

    batch = Stream(estate).feed([each.model_dump_json().encode() for each in lines])

    assert [line.id for _, line, *_ in batch.charged] == ["a"]
    assert sorted(held.reference for _, held in batch.held) == ["b", "c"]
    assert Decimal(batch.charged[0][4][1]) > 0
