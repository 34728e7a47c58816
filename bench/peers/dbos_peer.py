"""The five-effect process in DBOS, a step per call: `dbos_peer.py <stub> <database> <runs> <at once> <rounds>`."""
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUntypedFunctionDecorator=false, reportUnknownArgumentType=false
# It is not among our dependencies: see bench/beside.py.

import asyncio
import json
import resource
import sys
import time

import aiohttp
from dbos import DBOS

STUB, DATABASE, RUNS, AT_ONCE, ROUNDS = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
session: aiohttp.ClientSession | None = None


@DBOS.step()
async def call(key: str, step: int) -> str:
    assert session
    body = json.dumps({"channel": "#bench", "text": f"Customer {key} {step}", "about": key})
    async with session.post(f"{STUB}/x", data=body, headers={"Content-Type": "application/json"}) as answer:
        return (await answer.json())["id"]


@DBOS.workflow()
async def five(key: str) -> None:
    for step in range(5):
        await call(key, step)


async def one_round(number: int) -> dict[str, float]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def run(key: str) -> None:
        async with gate:
            await five(key)

    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    await asyncio.gather(*(run(f"dbos-{number}-{n}") for n in range(RUNS)))
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"per_second": RUNS / took, "cpu_ms_per_run": cpu * 1000 / RUNS}


async def main() -> None:
    global session
    DBOS(config={"name": "bench", "system_database_url": DATABASE, "log_level": "ERROR", "run_admin_server": False})
    DBOS.launch()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as session:
        rounds = [await one_round(number) for number in range(ROUNDS + 1)][1:]
    sys.stdout.write(json.dumps(rounds) + "\n")
    DBOS.destroy()


asyncio.run(main())
