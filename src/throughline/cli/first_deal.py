"""The first deal of a demo: it is won in the CRM, and watched until its project is open or somebody is asked."""

import asyncio
import contextlib
import webbrowser
from collections import defaultdict
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from rich.text import Text

from throughline.cli.demo import Wishes
from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import opened
from throughline.cli.printing import document, money, out, step, talk
from throughline.cli.sandbox import Handout, control
from throughline.cli.serve import Served, running
from throughline.demo.layout import lay_out
from throughline.hub import engagements
from throughline.hub.engagements import Engagement, NoSuchEngagement
from throughline.hub.machine import Machine
from throughline.settings import Settings
from throughline.store import cursors
from throughline.store.database import Pool

DEAL = {"customer": "Ostwald Chemie GmbH", "legal_entity": "DE", "contract_type": "Milestone", "amount": "148000"}
# A customer whose country has no row in the firm's tax codes: its deal is held, and can be put right.
HELD = "simulate deal --customer 'Alpenblick Versicherung AG'"
PATIENCE_SECONDS = 120.0
LOOK_SECONDS = 0.1
# The systems that notify by webhook, and where they are told to send.
HOOKED = ("netsuite", "slack")
OVER = {"done", "held", "defect"}


async def play(settings: Settings, handout: Handout, wishes: Wishes) -> int:
    """Serve the demo until it is told to end."""
    lay_out(settings.data, handout)
    insisted = "port" in settings.model_fields_set
    # A month has an outage in it, and that is no news to whoever plays it.
    level = "error" if wishes.month else "warning"
    quiet = settings if wishes.where.log_level else settings.model_copy(update={"log_level": level})
    async with opened(quiet) as machine, running(machine, settings, any_port=not insisted) as served:
        if settings.port and not served.address.endswith(f":{settings.port}"):
            talk.print(f"  Port {settings.port} is taken: another one is used.")
        step(Text.assemble("Throughline  ", (served.address, "bold cyan underline")), took_seconds=wishes.seconds)
        deal, page = await _unless(served, _won(machine, handout, served))
        opened_in = "opened in your browser" if wishes.browser and webbrowser.open(page) else ""
        worth = money(deal["amount"], deal["currency"])
        step(Text.assemble("Won: ", (deal["name"], "bold"), f", {worth}"), took_seconds=wishes.seconds, aside=opened_in)
        if not wishes.json:
            out.print(page, soft_wrap=True)
        engagement = await _unless(served, _settled(machine, page.rsplit("/", 1)[-1]))
        _tell(engagement, page, wishes)
        whole = engagement.state == "done"
        if wishes.month and wishes.until != "project-open":
            whole = await _unless(served, _month(machine, handout, wishes))
        if not wishes.until:
            _suggest(deal["opportunity_id"], wishes)
            await served.over.wait()
            return Exit.DONE
    return Exit.DONE if whole else Exit.PARTLY


async def _month(machine: Machine, handout: Handout, wishes: Wishes) -> bool:
    """Play the month before, and tell how its books tie; whether they all do."""
    from throughline.cli.month import Playing
    from throughline.demo.month.script import Month

    told = await Playing(machine, handout, wishes, Month.before(machine.clock().date())).play()
    if wishes.json:
        document("month", told)
    return told["closed"]


async def _won(machine: Machine, handout: Handout, served: Served) -> tuple[dict[str, Any], str]:
    """The deal as the CRM has it, and its page, once it was noticed."""
    for system in HOOKED:
        await control(handout, system, "hook", {"url": f"{served.address}/hooks/{system}"})
    async with _patience("What the systems hold already was not read"):
        await _known(machine.pool)
    deal = await control(handout, "salesforce", "deals", DEAL)
    async with _patience("The deal was not noticed"):
        id_ = await _noticed(machine, deal["opportunity_id"])
    return deal, f"{served.address}/engagements/{id_}"


async def _known(pool: Pool) -> None:
    """Wait until what was there before has been read: it is history, and only what comes after starts anything."""
    while True:
        read = {row["kind"] for row in await cursors.listed(pool) if row["polled_at"] and row["cursor"]}
        if {"customer", "opportunity"} <= read:
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _noticed(machine: Machine, opportunity: str) -> str:
    while True:
        with contextlib.suppress(NoSuchEngagement):
            return (await engagements.behind(machine, opportunity))[0]
        await asyncio.sleep(LOOK_SECONDS)


async def _settled(machine: Machine, id_: str) -> Engagement:
    """When the process is complete, or waits for a person."""
    async with _patience("The project was not open"):
        while True:
            engagement = await engagements.one(machine, id_)
            if engagement.state in OVER:
                return engagement
            await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def _patience(what: str) -> AsyncGenerator[None]:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield
    except TimeoutError as error:
        raise Stop(f"{what} within {PATIENCE_SECONDS:.0f} s. See: throughline doctor", Exit.PARTLY) from error


async def _unless[T](served: Served, work: Coroutine[Any, Any, T]) -> T:
    """Its result, unless the demo is told to end before."""
    working, ending = asyncio.ensure_future(work), asyncio.ensure_future(served.over.wait())
    try:
        await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
    finally:
        working.cancel()
        ending.cancel()
        await asyncio.gather(working, ending, return_exceptions=True)
    raise Stop("Stopped. Nothing is lost: start the demo again to go on.", Exit.INTERRUPTED)


def _tell(engagement: Engagement, page: str, wishes: Wishes) -> None:
    if wishes.json and not wishes.month:
        document("demo", summary(engagement, page, took_seconds=wishes.seconds))
    systems = len({each.system for each in engagement.identifiers})
    if engagement.state == "done":
        step(f"Project open, the same in {systems} systems", took_seconds=wishes.seconds)
        return
    why = next((hold["why"] for hold in engagement.holds if hold["state"] == "open"), engagement.state)
    step(f"Held: {why}", took_seconds=wishes.seconds, state="held")


def _suggest(opportunity: str, wishes: Wishes) -> None:
    again = wishes.where.again
    for told, command in (
        ("\n  The whole journey      ", again(f"trace {opportunity}")),
        ("  Another deal           ", again("simulate deal")),
        ("  One that will be held  ", again(HELD)),
        ("  A bad day              ", again("simulate fault netsuite error --times 3")),
    ):
        talk.print(Text.assemble(told, (command, "cyan")), soft_wrap=True)
    reset = Text.assemble("\n  Stop with Ctrl-C. Your data stay; ", (again("demo --reset"), "cyan"), " starts over.")
    talk.print(reset, soft_wrap=True)


def summary(engagement: Engagement, page: str, *, took_seconds: float) -> dict[str, Any]:
    """Every id in every system, and how it stands."""
    ids: dict[str, dict[str, Any]] = defaultdict(lambda: defaultdict(list))
    for each in engagement.identifiers:
        ids[each.system][each.kind].append(each.key)
    return {
        "engagement": engagement.id,
        "state": engagement.state,
        "address": page,
        "took_seconds": round(took_seconds, 2),
        "deal": engagement.deal,
        "customer": engagement.customer,
        "ids": {s: {k: v[0] if len(v) == 1 else v for k, v in kinds.items()} for s, kinds in ids.items()},
        "parts": engagement.parts,
        "holds": [each for each in engagement.holds if each["state"] == "open"],
        "timeline": [asdict(each) for each in engagement.timeline],
    }
