"""`status`: what runs, what waits, and what is wrong."""

from dataclasses import asdict
from typing import Any

from rich.text import Text

from throughline.cli.exits import Exit
from throughline.cli.opened import asked
from throughline.cli.printing import after, clock, document, mark, money, out, role, table
from throughline.cli.where import HERE, Where
from throughline.hub import overview, systems
from throughline.hub.health import ALIVE
from throughline.hub.machine import Machine
from throughline.hub.systems import Condition, Standing
from throughline.store import firm_versions, runs, workers

MARKS = {Condition.OK: "done", Condition.THROTTLED: "waiting"}


async def status(*, json: bool = False, where: Where = HERE) -> int:
    """Say what runs, what waits for a person, and how the systems answer.

    Parameters
    ----------
    json
        One JSON document instead of tables.
    """
    async with asked(where.settings()) as machine:
        told = await _gathered(machine)
    if json:
        document("status", told)
        return Exit.DONE
    out.print(f"firm     version {told['firm_version']}")
    out.print(f"workers  {', '.join(each['id'] for each in told['workers']) or 'none'}", soft_wrap=True)
    out.print(f"runs     {', '.join(f'{n} {state}' for state, n in told['runs'].items()) or 'none'}")
    risk = ", ".join(money(amount, currency) for currency, amount in sorted(told["at_risk"].items()))
    out.print(f"held     {told['open_holds']}{f', {risk} at risk' if risk else ''}\n")
    table(("system", "role", "calls", "failed", "last contact", "condition"), [_row(each) for each in told["systems"]])
    after(*([where.again("holds list")] if told["open_holds"] else []), where.again("doctor"))
    return Exit.DONE


def _row(system: dict[str, Any]) -> tuple[object, ...]:
    condition = Condition(system["condition"])
    state = "waiting" if condition is Condition.OK and system["note"] else MARKS.get(condition, "failed")
    said = condition.value.replace("_", " ") + (f": {system['note']}" if system["note"] else "")
    contact = clock(system["last_contact"]) if system["last_contact"] else "never"
    return (
        system["name"], role(system["roles"][0]), system["calls_today"], system["failed_today"], contact,
        Text.assemble(mark(state), " ", said),
    )  # fmt: skip


async def _gathered(machine: Machine) -> dict[str, Any]:
    pool = machine.pool
    _, held, risk = await overview.totals(machine)
    standing: list[Standing] = await systems.listed(machine)
    return {
        "firm_version": await firm_versions.newest_number(pool),
        "workers": [dict(row) for row in await workers.alive(pool, since=machine.clock() - ALIVE)],
        "runs": await runs.counted(pool),
        "open_holds": held,
        "at_risk": risk,
        "systems": [asdict(each) for each in standing],
    }
