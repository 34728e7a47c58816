"""`trace`: the whole journey behind any id of any system."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from itertools import pairwise
from textwrap import shorten
from typing import Any

from rich.text import Text

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, clock, document, mark, money, out, role, shortened, span, table
from throughline.cli.where import HERE, Where
from throughline.hub import engagements, overview, story
from throughline.hub.engagements import Engagement, Identifier, NoSuchEngagement
from throughline.hub.machine import Machine
from throughline.hub.overview import Listed
from throughline.hub.stages import Reached
from throughline.hub.story import Beat, Story
from throughline.hub.telling import short, words

# Of many small things only their number is interesting; a handoff lives in the deal itself.
SMALL = {"task", "demand", "handoff", "billing_milestone", "billing_status", "receivables"}
TROUBLE = {"held", "failed"}
# The whole of it is in the document, and on the page.
LONGEST_DETAIL = 72


async def trace(any_id: str, /, *, all: bool = False, json: bool = False, where: Where = HERE) -> int:  # noqa: A002 - the option is called --all
    """Tell the journey behind any id of any system.

    Parameters
    ----------
    any_id
        Any id of ours, or of any system: an opportunity, a customer, a contract, a project, a message.
    all
        Every id in every system, those of tasks and roles too.
    json
        One JSON document instead of lines.
    """
    async with asked(where.settings()) as machine:
        id_ = await one_behind(machine, any_id, where)
        told = await story.of(machine, id_)
        (listed,) = await overview.some(machine, [id_])
    if json:
        document("trace", _document(told, listed))
    else:
        _tell(told, listed, whole=all)
        held = [hold["id"] for hold in told.engagement.holds if hold["state"] == "open"]
        after(
            *(where.again(f"holds show {each}") for each in held[:3]), where.again(f"captures list --engagement {id_}")
        )
    return Exit.DONE


async def one_behind(machine: Machine, any_id: str, where: Where) -> str:
    """The one engagement behind an id; several are listed, so that one can be chosen."""
    try:
        ids = await engagements.behind(machine, any_id)
    except NoSuchEngagement as error:
        raise Stop(str(error), Exit.FOUND) from error
    if len(ids) > 1:
        names = await overview.names(machine, ids)
        listed = "\n".join(f"  {where.again(f'trace {each}')}    {names.get(each, '')}".rstrip() for each in ids)
        raise Stop(f"{any_id} belongs to {len(ids)} engagements:\n{listed}", Exit.FOUND)
    return ids[0]


def _document(told: Story, listed: Listed) -> dict[str, Any]:
    engagement = told.engagement
    return {
        "engagement": engagement.id,
        "state": engagement.state,
        "deal": engagement.deal,
        "customer": engagement.customer,
        "at_risk": listed.at_risk,
        "stages": {each.stage: each.state for each in listed.stages},
        "events": [asdict(beat) for beat in told.beats],
        "ids": [asdict(each) for each in engagement.identifiers],
        "holds": engagement.holds,
    }


def _tell(told: Story, listed: Listed, *, whole: bool) -> None:
    engagement = told.engagement
    out.print(_heading(listed), soft_wrap=True)
    out.print(f"[dim]{engagement.id}[/]", soft_wrap=True)
    table(("",) * 6, _rows(told.beats), flexible=3)
    out.print(_figures(told, listed), soft_wrap=True)
    out.print(_stages(listed.stages), soft_wrap=True)
    _ids(engagement.identifiers, {beat.system: beat.role for beat in told.beats}, whole=whole)
    _holds(engagement)


def _heading(listed: Listed) -> Text:
    worth = money(listed.amount["amount"], listed.amount["currency"]) if listed.amount else ""
    held = f"{listed.open_holds} open {'hold' if listed.open_holds == 1 else 'holds'}"
    stands = (held, "red") if listed.open_holds else (listed.state, "green" if listed.state == "done" else "yellow")
    return Text.assemble((listed.name, "bold"), f"   {worth}   ", stands)


def _rows(beats: Iterable[Beat]) -> list[tuple[Text, ...]]:
    told = list(beats)
    since = ["", *(_waited(late.at - early.at) for early, late in pairwise(told))]
    return [_row(beat, waited) for beat, waited in zip(told, since, strict=True)]


def _waited(passed: timedelta) -> str:
    return f"+{span(passed)}" if passed >= timedelta(milliseconds=1) else ""


def _row(beat: Beat, waited: str) -> tuple[Text, ...]:
    took = span(timedelta(milliseconds=beat.took_ms)) if beat.took_ms else ""
    what = Text.assemble(mark(beat.state), " ", (beat.title, "red" if beat.state in TROUBLE else ""))
    detail = beat.detail if beat.state in TROUBLE else shorten(beat.detail, LONGEST_DETAIL, placeholder=" ...")
    what.append(f"  {' '.join(detail.split())}", style="red" if beat.state in TROUBLE else "dim")
    return (
        Text(clock(beat.at), style="dim"),
        Text(waited, style="dim"),
        role(beat.role),
        what,
        Text(shortened(beat.id or ""), style="dim"),
        Text(took, style="dim"),
    )


def _figures(told: Story, listed: Listed) -> Text:
    budget = told.agreed.get("project", {}).get("budget")
    said = [
        f"sold {short(listed.amount)}" if listed.amount else "",
        f"planned {short(budget)}" if budget else "",
    ]
    line = Text(" | ".join(each for each in said if each), style="dim")
    if listed.at_risk:
        risk = ", ".join(money(amount, currency) for currency, amount in sorted(listed.at_risk.items()))
        line.append(f"   at risk {risk}", style="not dim red")
    return line


def _stages(stages: Iterable[Reached]) -> Text:
    line = Text()
    for each in stages:
        line.append_text(mark(each.state)).append(f" {words(each.stage.value).lower()}   ")
    line.rstrip()
    return line


def _ids(identifiers: Iterable[Identifier], roles: dict[str, str], *, whole: bool) -> None:
    shown = [each for each in identifiers if whole or each.kind not in SMALL]
    out.print()
    table(
        ("", "", "", ""),
        [
            (role(roles.get(each.system, each.system)), words(each.kind), each.key, Text(each.id, style="dim"))
            for each in shown
        ],
    )


def _holds(engagement: Engagement) -> None:
    for hold in engagement.holds:
        if hold["state"] != "open":
            continue
        risk = money(hold["amount"], hold["currency"])
        told = Text.assemble("\n", mark("held"), " ", (hold["why"], "red"), f"\n  {hold['owner']} decides")
        told.append(f", {risk} at risk" if risk else "").append(f".\n  Fix: {hold['fix']}")
        out.print(told, soft_wrap=True)
