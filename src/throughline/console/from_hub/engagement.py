"""One engagement's page, from its story."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from throughline.console.engagement import EngagementPage, IdRow, MoneyFact, Stage
from throughline.console.from_hub import holds, rungs, wording
from throughline.console.from_hub.frame import Setting, shell
from throughline.console.from_hub.journey import chart
from throughline.console.pieces import Clock, Excerpt, LogEntry
from throughline.console.shell import Crumb
from throughline.console.states import StageKey, State
from throughline.core.accounts import ContractStands
from throughline.core.firm import Firm
from throughline.core.money import Money
from throughline.core.policies import Sla
from throughline.hub.addresses import page_of
from throughline.hub.engagements import Engagement
from throughline.hub.stages import Reached
from throughline.hub.stages import Stage as HubStage
from throughline.hub.story import Beat, Story
from throughline.hub.telling import words
from throughline.hub.worth import Ladder

# Silence longer than this is worth a line of its own in the log.
QUIET = timedelta(minutes=1)
NAMES = {"opportunity": "Opportunity", "customer": "Customer", "message": "Kick-off message"}
HIDDEN_IDS = {"task", "demand", "handoff", "billing_status", "receivables"}
ORDER = ("opportunity", "customer", "contract", "billing_plan", "project", "message")


def page(
    setting: Setting, story: Story, stages: Sequence[Reached], billed: ContractStands | None, worth: Ladder, *,
    clocks: tuple[Clock, ...] = (),
) -> EngagementPage:  # fmt: skip
    engagement = story.engagement
    deal, opened = engagement.deal, [hold for hold in engagement.holds if hold["state"] == "open"]
    name = deal.get("name") or engagement.id
    return EngagementPage(
        shell=shell(setting, name, "engagements", Crumb("Engagements", "/engagements"), Crumb(name)),
        name=name,
        our_id=engagement.id,
        customer=engagement.customer.get("name") or "",
        commercial_model=_model(deal.get("commercial_model"), deal.get("billing_method")),
        correlation_id=engagement.id,
        summary=summary(engagement),
        fragment_url=f"/engagements/{engagement.id}/fragment",
        stages=tuple(_stage(each, story, stages, setting) for each in stages),
        chart=chart(story.beats, stages),
        log=log(story.beats),
        log_note=wording.counted(len(story.beats), "event"),
        ids=ids(engagement, setting.firm),
        holds=tuple(holds.told(each, setting) for each in opened),
        money=money(story, billed),
        clocks=clocks,
        values_url=f"/engagements/{engagement.id}/values",
        pack_url=f"/audit/evidence.zip?engagement={engagement.id}",
        cli=f"throughline trace {engagement.id}",
        ladder=rungs.steps(worth),
        gaps=rungs.gaps(worth),
        log_footnote=f"{wording.counted(len(engagement.exchanges), 'exchange')} on the wire, all kept.",
    )


def summary(engagement: Engagement) -> str:
    """One sentence for those who listen."""
    opened = [hold for hold in engagement.holds if hold["state"] == "open"]
    if not opened:
        return {"done": "The handoff is complete.", "defect": "Stopped by a fault."}.get(
            engagement.state, "The handoff is under way."
        )
    risk = at_risk(engagement)
    money = f", {wording.monies(risk)} at risk" if risk else ""
    held = ", ".join(words(hold["part"] or hold["name"]) for hold in opened)
    return f"{held} held. {wording.counted(len(opened), 'open hold')}{money}."


def at_risk(engagement: Engagement) -> dict[str, Decimal]:
    """The same money is held up once, however many holds there are."""
    found: dict[str, Decimal] = {}
    for hold in engagement.holds:
        if hold["state"] == "open" and hold["amount"] is not None:
            found[hold["currency"]] = max(hold["amount"], found.get(hold["currency"], hold["amount"]))
    return found


def log(beats: Sequence[Beat]) -> tuple[LogEntry, ...]:
    """Newest first, with the quiet times between."""
    entries = [_entry(beat) for beat in beats]
    gaps = ["", *(_gap(earlier.at, later.began) for earlier, later in pairwise(beats))]
    told = [_with_gap(entry, gap) for entry, gap in zip(entries, gaps, strict=False)]
    return tuple(reversed(told))


def ids(engagement: Engagement, firm: Firm) -> tuple[IdRow, ...]:
    """Whose id is what, the deal's first; of many tasks only the project is named."""
    systems = {system.name: system for system in firm.systems}
    known = [each for each in engagement.identifiers if each.system in systems and each.kind not in HIDDEN_IDS]
    customer = engagement.deal.get("customer")
    rows = [
        IdRow(
            system=systems[each.system].roles[0].value,
            entity="Parent customer" if each.kind == "customer" and each.id != customer else _entity(each.kind),
            id=each.key,
            href=page_of(systems[each.system], each.kind, each.key),
        )
        for each in sorted(known, key=lambda each: (_place(each.kind), each.id != customer, each.system))
    ]
    return (*rows, IdRow(system="hub", entity="Engagement", id=engagement.id))


def money(story: Story, billed: ContractStands | None = None) -> tuple[MoneyFact, ...]:
    """What was sold, contracted, planned and billed, what is open of it and still to bill, and what is held up."""
    deal, facts = story.engagement.deal, list[MoneyFact]()
    lines = deal.get("lines") or ()
    if deal.get("amount"):
        note = wording.counted(len(lines), "line") if lines else ""
        facts.append(MoneyFact(label="Sold", value=wording.money_of(deal["amount"]), note=note))
    if contracted := _sum(story.agreed.get("contract", {}).get("lines") or ()):
        facts.append(MoneyFact(label="Contracted", value=contracted, note="in the ERP"))
    if budget := story.agreed.get("project", {}).get("budget"):
        facts.append(MoneyFact(label="Planned", value=wording.money_of(budget), note="project budget"))
    facts += ladder(billed) if billed else []
    opened = sum(hold["state"] == "open" for hold in story.engagement.holds)
    if risk := at_risk(story.engagement):
        by = f"held by {wording.counted(opened, 'hold')}"
        facts.append(MoneyFact(label="At risk", value=wording.monies(risk), note=by, tone="risk"))
    return tuple(facts) or (MoneyFact(label="Sold", value="Not known", note="the deal names no amount"),)


def ladder(billed: ContractStands) -> list[MoneyFact]:
    """From the contract to the cash. Debts are with tax, what is still to bill is without."""
    stands, facts = billed.stands, list[MoneyFact]()
    if not stands.billed.is_zero:
        credited = "" if stands.credited.is_zero else f", {_worth(stands.credited)} credited"
        facts.append(MoneyFact(label="Billed", value=_worth(stands.billed), note=f"with tax{credited}"))
        facts.append(MoneyFact(label="Settled", value=_worth(stands.settled), note="paid, credited or written off"))
        facts.append(MoneyFact(label="Open", value=_worth(stands.open_amount), note="with tax"))
    if not stands.overdue.is_zero:
        facts.append(MoneyFact(label="Overdue", value=_worth(stands.overdue), note="with tax", tone="risk"))
    unbilled = "Not known" if billed.unbilled is None else _worth(billed.unbilled)
    note = "some work has no rate" if billed.unbilled is None else "approved or due, before tax"
    facts.append(MoneyFact(label="Unbilled", value=unbilled, note=note))
    facts.append(MoneyFact(label="Backlog", value=_worth(billed.backlog), note="contracted, not billed"))
    return facts


def _worth(amount: Money) -> str:
    return wording.money(amount.amount, amount.currency)


def _stage(each: Reached, story: Story, stages: Sequence[Reached], setting: Setting) -> Stage:
    key, state = StageKey(each.stage.value), State(each.state)
    if state is State.DONE:
        value, note = _done(each.stage, story, setting)
    else:
        value, note = _undone(each, story, stages, setting)
    return Stage(key=key, state=state, value=value, note=note)


def _done(stage: HubStage, story: Story, setting: Setting) -> tuple[str, str]:
    engagement = story.engagement
    if stage is HubStage.CLOSED_WON:
        return wording.money_of(engagement.deal.get("amount")) or "Won", wording.at(engagement.began).text
    beat = _beat(stage, story)
    if beat is None:
        return _known_key(stage, engagement, setting.firm) or "Known", "from before"
    took = wording.lasted(beat.at - engagement.began)
    if stage is HubStage.PROJECT:
        sla: Sla | None = setting.firm.policies.slas.get("project_open")
        return beat.id or "Open", f"{took} of {wording.span(sla.within)}" if sla and sla.within else f"after {took}"
    if stage in {HubStage.KICK_OFF, HubStage.STATUS_BACK}:
        return ("Announced" if stage is HubStage.KICK_OFF else "Written"), f"after {took}"
    return beat.id or "There", f"after {took}"


def _undone(each: Reached, story: Story, stages: Sequence[Reached], setting: Setting) -> tuple[str, str]:
    if each.state == "held":
        hold = next((h for h in story.engagement.holds if h["state"] == "open"), None)
        return "Held", f"for {wording.span(setting.now - hold['opened_at'])}" if hold else ""
    if each.state == "failed":
        return "Stopped", "by a fault"
    if each.state == "running":
        return "Under way", ""
    if story.engagement.state == "done":
        return "Not done", "the handoff ended before"
    return "Not yet", f"after {_awaited(each.stage, stages)}"


def _awaited(stage: HubStage, stages: Sequence[Reached]) -> str:
    """What a stage waits for: finance and delivery do not wait for each other, the answer to the CRM for both."""
    if stage in {HubStage.CUSTOMER, HubStage.PROJECT}:
        return "the gate"
    if stage is HubStage.STATUS_BACK:
        first = next((one.stage for one in stages if one.state != "done"), stage)
        return StageKey(first.value).label.lower()
    return "customer" if stage is HubStage.CONTRACT else "project open"


def _beat(stage: HubStage, story: Story) -> Beat | None:
    wanted = {
        HubStage.CUSTOMER: "customer",
        HubStage.CONTRACT: "contract",
        HubStage.PROJECT: "project",
        HubStage.KICK_OFF: "message",
        HubStage.STATUS_BACK: "handoff",
    }[stage]
    found = [beat for beat in story.beats if beat.entity == wanted and beat.state == "done"]
    found = [beat for beat in found if beat.role == "erp"] if wanted == "customer" else found
    return found[-1] if found else None


def _known_key(stage: HubStage, engagement: Engagement, firm: Firm) -> str:
    erps = {system.name for system in firm.systems if "erp" in system.roles}
    if stage is not HubStage.CUSTOMER:
        return ""
    return next((each.key for each in engagement.identifiers if each.kind == "customer" and each.system in erps), "")


def _entry(beat: Beat) -> LogEntry:
    spread = wording.lasted(beat.at - beat.began) if beat.count > 1 else ""
    took = wording.lasted(timedelta(milliseconds=beat.took_ms)) if beat.took_ms else ""
    excerpt = Excerpt(request=beat.request, response=beat.response) if beat.request or beat.response else None
    return LogEntry(
        key=beat.key,
        at=wording.at(beat.at),
        system=beat.role,
        title=beat.title,
        detail=beat.detail,
        state=State(beat.state),
        duration=spread or took,
        external_id=beat.id or "",
        excerpt=excerpt,
    )


def _with_gap(entry: LogEntry, gap: str) -> LogEntry:
    """The quiet time before this event, drawn below it because the log runs backwards."""
    return LogEntry(**{name: getattr(entry, name) for name in LogEntry.__slots__ if name != "gap_below"}, gap_below=gap)


def _gap(earlier: datetime, later: datetime) -> str:
    return wording.span(later - earlier) if later - earlier >= QUIET else ""


def _model(commercial_model: str | None, billing_method: str | None) -> str:
    if not commercial_model:
        return "No contract type"
    billed = f", {words(billing_method).lower()}" if billing_method else ""
    return f"{words(commercial_model)}{billed}"


def _sum(lines: Sequence[dict[str, dict[str, str]]]) -> str:
    amounts = [line["amount"] for line in lines if line.get("amount")]
    if not amounts or len({each["currency"] for each in amounts}) != 1:
        return ""
    return wording.money(sum((Decimal(each["amount"]) for each in amounts), Decimal(0)), amounts[0]["currency"])


def _entity(kind: str) -> str:
    return NAMES.get(kind, words(kind))


def _place(kind: str) -> tuple[int, str]:
    return (ORDER.index(kind) if kind in ORDER else len(ORDER), kind)
