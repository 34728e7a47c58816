"""Runs the estate as a process of its own: `python -m throughline.sandbox --folder DIR`."""

import argparse
import asyncio
import ctypes
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from throughline.sandbox.estate import SYSTEMS, Estate, Plan, Simulators

PR_SET_PDEATHSIG = 1
WATCH_SECONDS = 1.0


def main(arguments: Sequence[str] | None = None, simulators: Simulators | None = None) -> int:
    parent = os.getppid()
    wanted = _parser().parse_args(arguments)
    ports = {name: getattr(wanted, f"{name}_port") for name in (*SYSTEMS, "gateway")}
    plan = Plan(
        folder=wanted.folder.resolve(),
        seed=wanted.seed,
        speed=wanted.speed,
        ports=ports,
        in_memory=wanted.in_memory,
        reset=wanted.reset,
    )
    try:
        asyncio.run(_run(plan, simulators, wanted.parent or parent))
    except OSError as error:
        sys.stderr.write(f"The estate cannot open in {plan.folder}: {error}\n")
        return 1
    return 0


async def _run(plan: Plan, simulators: Simulators | None, parent: int) -> None:
    over = asyncio.Event()
    _end_on_signals(over, parent)
    watch = asyncio.create_task(end_with(parent, over))
    async with Estate(plan, simulators) as estate:
        sys.stdout.write(json.dumps(estate.addresses) + "\n")
        sys.stdout.flush()
        await over.wait()
    watch.cancel()


def _end_on_signals(over: asyncio.Event, parent: int) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    if sys.platform == "linux":
        # The kernel sends this when the *thread* that started us ends, so the handler looks whether the parent is gone.
        loop.add_signal_handler(signal.SIGUSR1, lambda: over.set() if os.getppid() != parent else None)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGUSR1)


async def end_with(parent: int, over: asyncio.Event) -> None:
    """Catches what the kernel's signal does not: other systems, and a parent gone before we asked for it."""
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells of a parent's end everywhere; one look a second
        await asyncio.sleep(WATCH_SECONDS)
    over.set()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m throughline.sandbox",
        description="Runs the pretend estate until it is interrupted, or until the process that started it is gone.",
    )
    parser.add_argument("--folder", type=Path, required=True, help="where records, certificates and handout.json live")
    parser.add_argument("--seed", type=int, default=1, help="repeats the same chances (default 1)")
    parser.add_argument("--speed", type=float, help="seconds of the estate's clock per second (first 1)")
    parser.add_argument("--reset", action="store_true", help="forget all records first: the firm's first day again")
    parser.add_argument("--in-memory", action="store_true", help="keep no records beyond this run")
    parser.add_argument("--parent", type=int, help="the id our parent must have; if it is gone already, end at once")
    for name in (*SYSTEMS, "gateway"):
        parser.add_argument(f"--{name}-port", type=int, default=0, help="0 (the default) takes any free port")
    return parser


if __name__ == "__main__":
    sys.exit(main())
