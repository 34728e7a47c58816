"""`simulate`: drive the sandbox: close a deal, work a week, plan a bad day, move the clock."""

import re
from typing import Any

from throughline.cli.exits import Exit, Stop
from throughline.cli.printing import after, document, money, out
from throughline.cli.sandbox import control, handed_out
from throughline.cli.where import HERE, Where

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


async def deal(*, customer: str | None = None, contract_type: str | None = None, legal_entity: str | None = None,
               amount: str | None = None, start_date: str | None = None, missing: list[str] | None = None,
               stage: str | None = None, json: bool = False, where: Where = HERE) -> int:  # fmt: skip
    """Close a deal in the simulated CRM, as a salesperson would.

    Parameters
    ----------
    customer
        Whose; the customers take turns if not said.
    contract_type
        Time and Materials, Fixed Fee, Milestone, Retainer, Usage, Subscription or Managed Service.
    legal_entity
        US, UK or DE.
    amount
        What it is worth; the lines are made to add up.
    start_date
        The day the work begins, such as 2026-10-01; the first of next month if not said.
    missing
        Fields to leave empty, such as Project_Manager__c.
    stage
        Another stage than Closed Won.
    json
        One JSON document instead of a sentence.
    """
    wanted = {"customer": customer, "contract_type": contract_type, "legal_entity": legal_entity, "amount": amount,
              "start_date": start_date, "missing": missing, "stage": stage}  # fmt: skip
    made = await wish(where, "salesforce", "deals", {name: value for name, value in wanted.items() if value})
    if json:
        document("simulated-deal", made)
    else:
        worth = money(made["amount"], made["currency"]) or "no amount"
        out.print(f"{made['name']}: {worth}, {made['opportunity_id']}", markup=False, soft_wrap=True)
        after(where.again(f"trace {made['opportunity_id']}"))
    return Exit.DONE


async def time(*, entries: int = 100, people: int = 10, projects: int = 3, on: list[str] | None = None,
               expenses: int = 0, week: str | None = None, seed: int = 1, approve: bool = True, json: bool = False,
               where: Where = HERE) -> int:  # fmt: skip
    """Enter and approve a week of work in the simulated PSA, as its people would.

    Parameters
    ----------
    entries
        How many time entries.
    people
        How many enter them; whoever is missing is hired.
    projects
        How many projects they work on, the oldest first.
    on
        The ids of projects to choose from, instead of all there are.
    expenses
        How many expenses they enter besides.
    week
        The Monday of the week, such as 2026-11-16; this week if not said.
    seed
        What the hours and amounts are drawn from.
    approve
        Whether it is approved, or only handed in.
    json
        One JSON document instead of a sentence.
    """
    wanted = {"entries": entries, "people": people, "projects": projects, "expenses": expenses, "seed": seed,
              "approve": approve} | ({"week": week} if week else {}) | ({"on": on} if on else {})  # fmt: skip
    # Whoever works here is in HR's books as well, and first.
    await wish(where, "workday", "staff", {"people": people})
    made = await wish(where, "kantata", "time", wanted)
    if json:
        document("simulated-time", made)
    else:
        done = "approved" if approve else "handed in"
        worked = f"{made['minutes'] // 60} h {made['minutes'] % 60:02} min"
        told = (
            f"Week of {made['week']}: {made['entries']} entries ({worked}) and {made['expenses']} expenses are {done}."
        )
        out.print(told, markup=False, soft_wrap=True)
    return Exit.DONE


async def fault(system: str, kind: str, /, *, times: int | None = 1, share: float = 1.0, method: str | None = None,
                path: str | None = None, seconds: float = 5.0, status: int = 503, clear: bool = False,
                json: bool = False, where: Where = HERE) -> int:  # fmt: skip
    """Make a simulated system misbehave.

    Parameters
    ----------
    system
        salesforce, netsuite, kantata, slack or workday.
    kind
        throttle, error, error_after, reset_before, reset_after, hang_before, hang_after, late, drip, garbage, lock,
        maintenance, slow, hook_duplicate, hook_reorder, hook_drop.
    times
        How often it strikes.
    share
        The share of calls it strikes.
    method
        Only calls with this method.
    path
        Only calls whose path contains this.
    seconds
        How long, for the kinds that take time.
    status
        The status, for `error` and `error_after`.
    clear
        Take all faults of the system off first.
    json
        One JSON document instead of a sentence.
    """
    if clear:
        await wish(where, system, "faults", None, method="DELETE")
    wanted = {"kind": kind, "times": times, "share": share, "method": method, "path": path, "seconds": seconds,
              "status": status}  # fmt: skip
    made = await wish(where, system, "faults", wanted)
    if json:
        document("simulated-fault", {"system": system, **wanted, **made})
    else:
        out.print(f"{system}: {kind} is on, {times or 'every'} time(s).")
    return Exit.DONE


async def clock(*, advance: str | None = None, at: str | None = None, speed: float | None = None, json: bool = False,
                where: Where = HERE) -> int:  # fmt: skip
    """Read or drive the sandbox's clock.

    Parameters
    ----------
    advance
        How far forward, such as 90s, 15m, 8h or 3d.
    at
        The moment to set, such as 2026-12-01T08:00:00Z.
    speed
        How fast it runs; 1 is real time.
    json
        One JSON document instead of a sentence.
    """
    wanted: dict[str, Any] = {}
    if advance:
        wanted["advance"] = _seconds(advance)
    if at:
        wanted["set"] = at
    if speed is not None:
        wanted["speed"] = speed
    told = await wish(where, "salesforce", "clock", wanted or None, method="POST" if wanted else "GET")
    if json:
        document("simulated-clock", told)
    else:
        out.print(f"{told['now']}, running at {float(told['speed']):g}x")
    return Exit.DONE


async def wish(where: Where, system: str, what: str, body: object = None, *, method: str = "POST") -> Any:
    """The estate says where it listens in its handout."""
    handout = handed_out(where.settings().data / "sandbox" / "handout.json")
    return await control(handout, system, what, body, method=method)


def _seconds(span: str) -> float:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([smhd])", span)
    if not found:
        raise Stop(f"{span!r} is not a span of time: write 90s, 15m, 8h or 3d.", Exit.USAGE)
    return float(found[1]) * UNITS[found[2]]
