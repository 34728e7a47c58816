"""The verbs a business process is written in, and what a workflow is: a value around one async function.

A pass runs the function from the top. Reads are always fresh; effects happen once. Between verbs there is only plain,
pure Python.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol

from throughline.core.candidates import Candidate
from throughline.core.entities import Entity
from throughline.core.events import Event
from throughline.core.firm import Firm
from throughline.core.money import Money
from throughline.core.priority import Priority
from throughline.core.roles import Role


class Part(Protocol):
    """How a named part of the process stands after its block: done, held or retrying, and why."""

    @property
    def why(self) -> str | None: ...
    @property
    def done(self) -> bool: ...


class Flow(Protocol):
    """What a process may do. `firm` is the folder as it is now; `began` when the run did, `now` when this pass did."""

    @property
    def firm(self) -> Firm: ...
    @property
    def began(self) -> datetime: ...
    @property
    def now(self) -> datetime: ...
    @property
    def today(self) -> date: ...

    async def get[E: Entity](self, entity: type[E], id_: str) -> E:
        """One settled entity. If we have only heard of it, it is read from its system first."""
        ...

    async def every(self, entity: type[Entity], days: tuple[date, date] | None = None, /, **named: str) -> list[str]:
        """The ids of all settled entities of a kind that name this one, such as `project=project.id`, in order.

        `days` narrows them to a span of days, both ends included. One heard of later lets the process pass again.
        """
        ...

    async def find[E: Entity](self, entity: type[E], *, at: Role, like: E) -> list[Candidate]:
        """The records of a system that may be this entity: asked there, now."""
        ...

    async def put(self, entity: Entity, *, into: Role, onto: str | None = None, only: tuple[str, ...] = ()) -> str:
        """Make a system agree with us; create, or update, or do nothing. Returns their key.

        `onto` is the key of a record of theirs that is this entity; `only` names the fields to agree on.
        """
        ...

    async def ask(
        self,
        name: str,
        question: str,
        *,
        choices: tuple[str, ...],
        owner: str | None = None,
        candidates: tuple[dict[str, str], ...] = (),
    ) -> str:
        """Hold until a person chooses. The answer is remembered under `name`; records to compare may be shown."""
        ...

    async def wait(self, event: type[Event] | datetime, *, about: str | None = None) -> None:
        """Go on only after a moment, or after an event about an entity."""
        ...

    async def emit(self, event: Event) -> None:
        """Publish a fact, once."""
        ...

    def part(self, name: str, *, amount: Money | None = None) -> AbstractAsyncContextManager[Part]:
        """A named part that may be held or tried again on its own while the others go on.

        The firm's policies say who owns its holds; `amount` is what is at risk meanwhile.
        """
        ...


type Process = Callable[[Flow, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Workflow:
    """A business process. `lane` names the business key: one run at a time per lane, in event order.

    `undo` says what undoing means: a process over the same verbs, about the same event. What it cannot undo it holds,
    naming it with its id in each system.
    `priority` says who goes first where there is not enough for everybody: `bulk` for what may take all night.
    `gathers` says that what happens while a run of the lane is not done joins it, and lets it pass again: for a process
    that looks at all there is, such as a month's work, and not at the one thing that happened.
    `cut_off` names the firm's cut-off its runs work for, in the period of the event's `day`: of those that wait for a
    system, the earliest goes first.
    """

    name: str
    on: type[Event] | tuple[type[Event], ...]
    lane: Callable[[Any], str]
    run: Process
    undo: Process | None = None
    priority: Priority = Priority.NORMAL
    gathers: bool = False
    cut_off: str | None = None

    def starts_with(self, event: type[Event]) -> bool:
        return event in (self.on if isinstance(self.on, tuple) else (self.on,))

    @property
    def undoing(self) -> "Workflow | None":
        """The undoing as a process of its own, in the same lane. No event starts it: a person does, by cancelling."""
        if self.undo is None:
            return None
        return Workflow(undoing(self.name), Event, self.lane, self.undo, priority=self.priority, cut_off=self.cut_off)


def undoing(name: str) -> str:
    """What the process is called that undoes this one."""
    return f"undo-{name}"


def workflow[V: Event](
    name: str,
    *,
    on: type[V] | tuple[type[V], ...],
    lane: Callable[[V], str],
    undo: Callable[[Flow, V], Awaitable[None]] | None = None,
    priority: Literal["urgent", "normal", "bulk"] = "normal",
    gathers: bool = False,
    cut_off: str | None = None,
) -> Callable[[Callable[[Flow, V], Awaitable[None]]], Workflow]:
    dayless = [each.type for each in (on if isinstance(on, tuple) else (on,)) if "day" not in each.model_fields]
    if cut_off and dayless:
        raise TypeError(f"{name} cannot know its cut-off: give {' and '.join(dayless)} a `day`, or name no cut-off")
    return lambda run: Workflow(name, on, lane, run, undo, Priority(priority), gathers, cut_off)
