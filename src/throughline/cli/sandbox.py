"""The sandbox, as the terminal meets it: a process of its own, and the control interface of each simulator."""

import asyncio
import contextlib
import json as text
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from throughline.cli.exits import Exit, Stop

type Handout = dict[str, Any]

START = "Start it with: throughline demo"


@dataclass(frozen=True, slots=True)
class Estate:
    """The simulated systems on their way; `handout` waits until they answer, and says where and with what."""

    process: asyncio.subprocess.Process

    async def handout(self) -> Handout:
        line = await self.process.stdout.readline() if self.process.stdout else b""
        if not line:
            raise Stop(f"The sandbox could not start; exit {await self.process.wait()}.", Exit.UNAVAILABLE)
        return await asyncio.to_thread(handed_out, Path(text.loads(line)["handout"]))


@asynccontextmanager
async def estate(folder: Path, *, seed: int, speed: float | None) -> AsyncGenerator[Estate]:
    """The sandbox as a process of its own: it is met over the wire only, and goes when we go."""
    pace = [] if speed is None else ["--speed", str(speed)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "throughline.sandbox", "--folder", str(folder), "--seed", str(seed), *pace,
        "--parent", str(os.getpid()), stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        yield Estate(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def handed_out(path: Path) -> Handout:
    """Where the systems are and what they let us in with, as the estate wrote it down."""
    try:
        return text.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Stop(f"No sandbox has run here ({path}). {START}", Exit.UNAVAILABLE) from error


async def control(handout: Handout, system: str, what: str, body: object = None, *, method: str = "POST") -> Any:
    """One call to a simulator's control interface."""
    known = sorted(name for name, each in handout.items() if isinstance(each, dict))
    if system not in known:
        raise Stop(f"There is no system {system}; there are {', '.join(known)}.", Exit.USAGE)
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, f"{handout[system]['url']}/__sandbox__/{what}", json=body) as answer,
        ):
            status, said = answer.status, await answer.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Stop(f"The sandbox does not answer: {error}. {START}", Exit.UNAVAILABLE) from error
    return _understood(system, status, said)


def _understood(system: str, status: int, said: str) -> Any:
    try:
        answer = text.loads(said, parse_float=str)  # an amount is never a float
    except ValueError:
        answer = {"error": said[:200]}
    if status >= 500:
        raise Stop(f"The simulated {system} failed: {answer}", Exit.UNAVAILABLE)
    if status >= 400:
        raise Stop(f"{system} refuses this: {answer.get('error', answer)}", Exit.USAGE)
    return answer
