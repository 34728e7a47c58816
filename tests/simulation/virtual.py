"""Virtual time: an event loop whose clock jumps to the next timer as soon as nobody has anything to do."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any, override

# Whose task this is; a task that is begun belongs to whoever begins it.
BELONGS: ContextVar["Crowd | None"] = ContextVar("belongs", default=None)


class Stuck(RuntimeError):
    """Nobody has anything to do, and nobody waits for a time: whoever still waits, waits for ever."""


class Crowd:
    """The tasks of one process, in the order in which they began."""

    def __init__(self) -> None:
        self.tasks: dict[asyncio.Task[Any], None] = {}

    def begin[T](self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task of this crowd, whoever begins it."""
        context = copy_context()
        context.run(BELONGS.set, self)
        return asyncio.get_running_loop().create_task(work, context=context)

    async def end(self) -> None:
        """Take away whoever is left."""
        left = list(self.tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


class _Jumping(selectors.SelectSelector):
    """Does not sleep: moves the clock by as long as the loop would have slept."""

    now = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stuck("nothing is ready, and no timer is set")
        self.now += max(timeout, 0.0)
        return []


class Patient(selectors.DefaultSelector):
    """Asks the system only when there is nothing else to do: whoever has work need not look for answers."""

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return [] if timeout is not None and timeout <= 0 else super().select(timeout)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Everything in it happens in one order, which depends on nothing but what is run in it."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        self.set_task_factory(_begun)

    @override
    def time(self) -> float:
        return self._jumping.now

    @override
    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """At once, and here: a thread would come back at a moment nobody can repeat."""
        future: asyncio.Future[Any] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for it
            future.set_exception(error)
        return future


def _begun(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], *, context: Context | None = None,
           **named: Any) -> asyncio.Task[Any]:  # fmt: skip
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, context=context, **named)
    if crowd := (context.get(BELONGS) if context else BELONGS.get()):
        crowd.tasks[task] = None
        task.add_done_callback(lambda done: crowd.tasks.pop(done, None))
    return task
