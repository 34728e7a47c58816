"""The example pages: one engagement of the demo firm, its hold, the lists around it, and the systems."""

import dataclasses

import pytest

from tests.console import figure_pages
from throughline.console.audit import AuditPage, Fact, LeafPage, LeafRow, VerificationPage
from throughline.console.audit import Filter as AuditFilter
from throughline.console.batches import BatchesPage, BatchItemRow, BatchPage, BatchRow, NewBatchPage
from throughline.console.board import BoardPage
from throughline.console.break_ import BreakPage, Remedy, SourceRecord
from throughline.console.causes import CausePage, CauseRow, CausesPage, WayRow, Worked
from throughline.console.charts.lanes import Lane, Lanes, Point
from throughline.console.deed import Deed
from throughline.console.engagement import EngagementPage, IdRow, LadderGap, LadderStep, MoneyFact, Stage
from throughline.console.engagements import EngagementRow, EngagementsPage
from throughline.console.error import ErrorPage
from throughline.console.find import FindPage, FoundRow
from throughline.console.hold import Candidate, Choice, ComparedField, Comparison, Hold, HoldPage, Note
from throughline.console.holds import Facet, Filter, HoldRow, HoldsPage
from throughline.console.kpis import KpisPage
from throughline.console.overview import OverviewPage
from throughline.console.people import KeyMadePage, KeyRow, PeoplePage, PersonPage, PersonRow, Tick
from throughline.console.pieces import Clock, EmptyPlace, Excerpt, LogEntry, Moment
from throughline.console.reconciliation import BreakRow, CensusRow, ComparisonRow, ReconciliationPage
from throughline.console.rendering import Page
from throughline.console.shell import Crumb, Shell, navigation
from throughline.console.states import StageKey, State, SystemState
from throughline.console.systems import SystemRow, SystemsPage
from throughline.console.values import Valued, ValueRow, ValuesPage

DONE, RUNNING, HELD, WAITING, FAILED = State


def moment(time: str) -> Moment:
    return Moment(f"2026-11-20T{time}+00:00", f"20 Nov {time}")


def age(text: str, time: str = "12:00:00") -> Moment:
    return Moment(f"2026-11-20T{time}+00:00", text, age=True)


def shell(title: str, section: str, *crumbs: Crumb) -> Shell:
    return Shell(
        title=title,
        section=section,
        crumbs=crumbs,
        nav=navigation(engagements="214", holds="3", systems="4"),
        environment="Sandbox",
        environment_detail="local",
        environment_tone="wait",
        live_url="/live",
        now=Moment("2026-11-20T14:32:00+00:00", "20 Nov 2026 14:32 UTC"),
        csrf_token="token-for-this-person",
        sandbox_clock="Simulation x60",
        person="Finance operations",
    )


TAX_CLOCK = Clock(name="Won to contract", text="1 h 42 m left of 4 h", tone="warn", percent=58)

TAX = Hold(
    key="HLD-7F3K2",
    href="/holds/HLD-7F3K2",
    why="No tax code for a Swiss customer sold by the German entity",
    fix="Add a row DE to CH to tables/tax_codes.csv and apply it, or answer with the code to use this once.",
    owner="Finance operations",
    amount="EUR 486,000.00",
    part="Finance",
    opened=age("2 h 18 m", "12:14:27"),
    choices=(
        Choice(
            value="DE-RC",
            label="Use DE-RC",
            effect="Reverse charge, 0 %. Creates the contract with this code.",
            recommended=True,
        ),
        Choice(value="DE-S19", label="Use DE-S19", effect="German VAT, 19 %. Creates the contract with this code."),
    ),
    answer_url="/holds/HLD-7F3K2/answer",
    release_url="/holds/HLD-7F3K2/release",
    release_effect="Runs the process again from the top; what is already done is not done twice.",
    cli="throughline holds answer HLD-7F3K2 --choice DE-RC --reason 'Reverse charge applies'",
    clock=TAX_CLOCK,
)

TWINS = dataclasses.replace(
    TAX,
    key="HLD-9C1QX",
    href="/holds/HLD-9C1QX",
    why="Norrvik Marine AS may already be a customer in the ERP",
    fix="Compare the two records. Say whether they are the same customer; a new one is created only if they are not.",
    owner="Master data",
    amount="GBP 24,100.00",
    part="Customer",
    clock=None,
    choices=(
        Choice(
            value="same",
            label="The same customer",
            effect="Links our customer to 4471. Nothing is created in the ERP.",
            recommended=True,
        ),
        Choice(value="other", label="Another customer", effect="Creates a new customer in the ERP."),
    ),
    answer_url="/holds/HLD-9C1QX/answer",
    release_url="/holds/HLD-9C1QX/release",
    cli="throughline holds answer HLD-9C1QX --choice same --reason 'Same address and bank details'",
)

LOG = (
    LogEntry(
        key="e12",
        at=moment("12:14:27"),
        system="hub",
        title="Contract held",
        detail="No row in the tax table for seller DE and customer country CH. Finance operations owns it.",
        state=HELD,
        duration="3 ms",
        external_id="HLD-7F3K2",
    ),
    LogEntry(
        key="e11",
        at=moment("12:14:26"),
        system="chat",
        title="Kick-off announced",
        detail="#delivery-de, project manager and sales lead named, link to the project.",
        state=DONE,
        duration="0.3 s",
        external_id="1732104866.0021",
    ),
    LogEntry(
        key="e10",
        at=moment("12:14:25"),
        system="psa",
        title="Project opened",
        detail="From template advisory-fixed-fee, 9 tasks, 4 roles asked for.",
        state=DONE,
        duration="1.9 s",
        external_id="41208877",
        excerpt=Excerpt(
            request=(
                'POST /api/v1/workspaces\n{"workspace": {"title": "Alpenblick claims analytics",'
                ' "currency": "EUR", "price": "486000.00"}}'
            ),
            response='201 Created\n{"count": 1, "results": [{"key": "workspaces", "id": "41208877"}]}',
        ),
    ),
    LogEntry(
        key="e9",
        at=moment("12:14:23"),
        system="erp",
        title="Customer created",
        detail="Alpenblick Versicherung AG, subsidiary DE, currency EUR, terms Net 30.",
        state=DONE,
        duration="2.4 s",
        external_id="5120",
        excerpt=Excerpt(
            request="PUT /services/rest/record/v1/customer/eid:tl-cus-01JD8Q4T7M", response="204 No Content"
        ),
    ),
    LogEntry(
        key="e8",
        at=moment("12:14:20"),
        system="erp",
        title="Throttled",
        detail="429, asked again after 2 s as Retry-After said.",
        state=WAITING,
        duration="0.1 s",
    ),
    LogEntry(
        key="e7",
        at=moment("12:14:19"),
        system="hub",
        title="No customer matched",
        detail="Tax id exact: none. Name over 0.90: none. A new customer is created.",
        state=DONE,
        duration="41 ms",
        external_id="cus-01JD8Q4T7M",
        gap_below="3 h 00 m",
    ),
    LogEntry(
        key="e1",
        at=moment("09:14:00"),
        system="crm",
        title="Opportunity won",
        detail="EUR 486,000.00, 9 lines, fixed fee, starts 1 Dec 2026.",
        state=DONE,
        duration="webhook",
        external_id="006Hs00001k9Q1qT",
    ),
)

CHART = Lanes(
    lanes=(
        Lane(system="crm", name="CRM"),
        Lane(system="hub", name="HUB"),
        Lane(system="erp", name="ERP"),
        Lane(system="psa", name="PSA"),
        Lane(system="chat", name="CHAT"),
    ),
    points=(
        Point(key="won", system="crm", label="Closed-won", at="09:14:00", state=DONE),
        Point(key="seen", system="hub", label="Deal read", at="12:14:19", elapsed="3 h", state=DONE, causes=("won",)),
        Point(key="cus", system="erp", label="Customer", at="12:14:23", elapsed="4.2 s", state=DONE, causes=("seen",)),
        Point(key="prj", system="psa", label="Project", at="12:14:25", elapsed="1.9 s", state=DONE, causes=("cus",)),
        Point(key="tax", system="hub", label="Tax code asked", at="12:14:27", state=HELD, causes=("cus",), beside=True),
        Point(key="tsk", system="psa", label="9 tasks", at="12:14:26", elapsed="1.1 s", state=DONE, causes=("prj",)),
        Point(key="kick", system="chat", label="Kick-off", at="12:14:26", elapsed="0.3 s", state=DONE, causes=("prj",)),
        Point(
            key="rc", system="psa", label="Rate card", at="12:14:27", elapsed="0.9 s", state=RUNNING, causes=("tsk",)
        ),
        Point(key="so", system="erp", label="Contract", at="not yet", elapsed="now", state=WAITING, causes=("tax",)),
        Point(key="back", system="crm", label="Status back", at="not yet", state=WAITING, causes=("so", "kick")),
    ),
    started="20 Nov",
)


@pytest.fixture
def engagement_page() -> EngagementPage:
    return EngagementPage(
        shell=shell(
            "Alpenblick claims analytics",
            "engagements",
            Crumb("Engagements", "/engagements"),
            Crumb("ENG-2041"),
        ),
        name="Alpenblick claims analytics",
        our_id="ENG-2041",
        customer="Alpenblick Versicherung AG",
        commercial_model="Fixed fee, on milestones",
        correlation_id="01JD8Q4T7M2VZK3C5R8WQ9H9KX",
        summary="Contract held. 1 open hold, EUR 486,000.00 at risk.",
        fragment_url="/engagements/ENG-2041/fragment",
        stages=(
            Stage(key=StageKey.CLOSED_WON, state=DONE, value="EUR 486,000", note="20 Nov 09:14"),
            Stage(key=StageKey.CUSTOMER, state=DONE, value="5120", note="4.2 s, new in the ERP"),
            Stage(key=StageKey.CONTRACT, state=HELD, value="Tax code missing", note="for 2 h 18 m"),
            Stage(key=StageKey.PROJECT, state=DONE, value="41208877", note="6.1 s of 60 m"),
            Stage(key=StageKey.KICK_OFF, state=RUNNING, value="Announced", note="rate card to come"),
            Stage(key=StageKey.STATUS_BACK, state=WAITING, value="Not yet", note="after the contract"),
        ),
        chart=CHART,
        log=LOG,
        log_note="12 events",
        ids=(
            IdRow(
                system="crm", entity="Opportunity", id="006Hs00001k9Q1qT", href="https://crm.example/006Hs00001k9Q1qT"
            ),
            IdRow(system="erp", entity="Customer", id="5120", href="https://erp.example/customer/5120"),
            IdRow(system="psa", entity="Project", id="41208877", href="https://psa.example/workspaces/41208877"),
            IdRow(system="chat", entity="Message", id="1732104866.0021"),
            IdRow(system="hub", entity="Engagement", id="ENG-2041"),
        ),
        holds=(TAX,),
        money=(
            MoneyFact(label="Sold", value="EUR 486,000.00", note="9 lines"),
            MoneyFact(label="In reporting currency", value="USD 527,310.00", note="at 1.0850, 20 Nov"),
            MoneyFact(label="At risk", value="EUR 486,000.00", note="held by 1 hold", tone="risk"),
        ),
        clocks=(TAX_CLOCK, Clock(name="Won to project open", text="met, 6.1 s of 60 m", tone="ok", percent=1)),
        older_url="/engagements/ENG-2041?before=e1",
        values_url="/engagements/ENG-2041/values",
        pack_url="/audit/evidence.zip?engagement=ENG-2041",
        cli="throughline trace ENG-2041",
        ladder=(
            LadderStep(label="Sold", value="EUR 486,000.00", note="", percent=100),
            LadderStep(label="Approved", value="EUR 214,300.00", note="2 records of unknown worth", percent=44),
            LadderStep(label="Billed", value="EUR 151,900.00", note="", percent=31),
            LadderStep(label="Paid", value="", note="", percent=0),
        ),
        gaps=(
            LadderGap(name="Sold, not contracted", value="EUR 1,000.00", tone="risk"),
            LadderGap(name="Approved, not billed", value="EUR 62,400.00", tone="wait"),
        ),
    )


@pytest.fixture
def engagements_page() -> EngagementsPage:
    rows = (
        (
            "Alpenblick claims analytics",
            "Alpenblick Versicherung AG",
            "EUR 486,000",
            "Contract",
            HELD,
            1,
            "EUR 486,000",
        ),
        ("Norrvik fleet advisory", "Norrvik Marine AS", "GBP 24,100", "Customer", HELD, 1, "GBP 24,100"),
        ("Meridian signalling programme", "Meridian Rail Ltd", "GBP 318,000", "Kick-off", RUNNING, 0, ""),
        ("Orsay lab data platform", "Orsay Pharma SA", "EUR 214,300", "Status back", DONE, 0, ""),
        ("Castellan fraud models", "Castellan Bank plc", "GBP 151,900", "Project open", WAITING, 0, ""),
        ("Bluewater managed service", "Bluewater Utilities Inc.", "USD 104,500", "Contract", FAILED, 1, "USD 104,500"),
    )
    return EngagementsPage(
        shell=shell("Engagements", "engagements", Crumb("Engagements")),
        summary="214 engagements, 3 with open holds, USD 662,400 at risk.",
        fragment_url="/engagements/fragment",
        rows=tuple(
            EngagementRow(
                key=f"ENG-{2041 - i}",
                href=f"/engagements/ENG-{2041 - i}",
                name=name,
                our_id=f"ENG-{2041 - i}",
                customer=customer,
                value=value,
                stage=stage,
                state=state,
                holds=holds,
                at_risk=at_risk,
                age=age(f"{i + 3} d", "09:14:00"),
            )
            for i, (name, customer, value, stage, state, holds, at_risk) in enumerate(rows)
        ),
        empty=EmptyPlace(
            "No engagement yet", "A deal won in the CRM appears here within seconds.", "throughline sandbox win"
        ),
        older_url="/engagements?before=ENG-2036",
    )


@pytest.fixture
def holds_page() -> HoldsPage:
    rows = (
        (TAX, "EUR 486,000.00", "Alpenblick claims analytics", "/engagements/ENG-2041", TAX_CLOCK),
        (
            TWINS,
            "GBP 24,100.00",
            "Norrvik fleet advisory",
            "/engagements/ENG-2040",
            Clock(name="Won to customer", text="2 d over", tone="risk", percent=100),
        ),
        (
            dataclasses.replace(TAX, key="HLD-0", why="An event of an unknown type arrived", fix="List it or map it."),
            "",
            "",
            "",
            None,
        ),
    )
    return HoldsPage(
        shell=shell("Holds", "holds", Crumb("Holds")),
        summary="3 open holds, USD 557,900 at risk.",
        fragment_url="/holds/fragment",
        facets=(
            Facet(
                title="Owner",
                filters=(
                    Filter(name="Everyone", href="/holds", count="3", active=True),
                    Filter(name="Finance operations", href="/holds?owner=finance", count="2", active=False),
                    Filter(name="Master data", href="/holds?owner=master-data", count="1", active=False),
                ),
            ),
            Facet(
                title="Stuck at",
                folded=True,
                filters=(Filter(name="netsuite", href="/holds?system=netsuite", count="", active=False),),
            ),
        ),
        causes_url="/causes",
        batches_url="/batches",
        file_url="/holds.csv",
        choose_url="/batches/new",
        cut=(("owner", "Finance operations"),),
        fitting="3",
        cli="throughline holds list",
        rows=tuple(
            HoldRow(
                key=hold.key,
                href=hold.href,
                why=hold.why,
                fix=hold.fix,
                owner=hold.owner,
                amount=amount,
                age=hold.opened,
                systems=("crm", "erp"),
                engagement_name=name,
                engagement_href=href,
                clock=clock,
                marks=("Came back", "With Ann"),
                cause_href="/causes/cause-1",
            )
            for hold, amount, name, href, clock in rows
        ),
        empty=EmptyPlace("Nothing is held", "A run that needs a person waits here.", "throughline sandbox fault tax"),
        older_url="/holds?after=HLD-0",
    )


def deeds(where: str) -> tuple[Deed, ...]:
    """One of each shape: with offers, with ticks, with a day, with text alone."""
    return (
        Deed(key="clear", verb="Clear all", icon="wand-sparkles", url=f"{where}/clear", primary=True, field="choice",
             label="Answer with", offers=(("yes", "yes"),), effect="The least at risk goes first, alone.", cli="clear"),
        Deed(key="split", verb="Split", icon="check", url=f"{where}/split", label="Which", ticks=(("HLD-1", "One"),),
             effect="These become a group of their own.", cli="split"),
        Deed(key="snooze", verb="Snooze", icon="clock", url=f"{where}/snooze", field="until", label="To", kind="date",
             effect="It comes back by itself, with the clock it had.", cli="snooze"),
        Deed(key="note", verb="Note", icon="reply", url=f"{where}/note", field="text", label="Note", kind="area",
             effect="The next person reads it here.", cli="note"),
    )  # fmt: skip


@pytest.fixture
def causes_page() -> CausesPage:
    row = CauseRow(
        key="cause-1", href="/causes/cause-1", pattern="No tax code for DE selling to … in CH", where="finance",
        state="Came back", tone="risk", holds="11", amount="EUR 196,400.00", unknown="2", age=age("3 d", "14:31:48"),
    )  # fmt: skip
    return CausesPage(
        shell=shell("Causes", "holds", Crumb("Holds", "/holds"), Crumb("Causes")),
        summary="2 causes of 12 open holds, EUR 196,400.00 at risk, 3 of unknown amount.",
        fragment_url="/causes/fragment",
        holds_url="/holds",
        file_url="/causes.csv",
        rows=(row, dataclasses.replace(row, key="cause-2", state="Open", tone="warn", amount="", unknown="")),
        empty=EmptyPlace("Nothing is held", "Causes stand here."),
        cli="throughline causes list",
    )


@pytest.fixture
def cause_page(holds_page: HoldsPage) -> CausePage:
    return CausePage(
        shell=shell("No tax code", "holds", Crumb("Holds", "/holds"), Crumb("cause-1")),
        fragment_url="/causes/cause-1/fragment",
        key="cause-1",
        pattern="No tax code for DE selling to … in CH",
        state="Came back",
        tone="risk",
        icon="rotate-ccw",
        why_grouped="The same process and reason once names, ids, amounts and days are left out.",
        proposal="Released: went through 8 of 9 times. Last time: “Row added.”",
        resolved="Resolved by Ann, 1 Nov: Row added. It came back, 19 Nov.",
        holds="3",
        holds_url="/holds?cause=cause-1",
        amount="EUR 196,400.00",
        unknown="1",
        since=age("3 d", "14:31:48"),
        merged=(("No tax code at all", "/causes/cause-2"),),
        merged_into="/causes/cause-3",
        rows=holds_page.rows,
        ways=(WayRow(words="released", times="9", worked="8", came_back="1", last=age("3 d", "14:31:48"), best=True),),
        worked=(Worked(reason="Row added.", person="Ann", at=age("3 d", "14:31:48")),),
        deeds=deeds("/causes/cause-1"),
    )


@pytest.fixture
def new_batch_page() -> NewBatchPage:
    verbs = ("release", "answer", "assign", "snooze", "resolve")
    return NewBatchPage(
        shell=dataclasses.replace(shell("A batch", "holds", Crumb("Holds", "/holds"), Crumb("A batch")), live_url=""),
        summary="12 holds, EUR 196,400.00 at risk, 3 of unknown amount.",
        unfit="2 of them ask a question: left when released.",
        begin_url="/batches",
        back_url="/holds",
        hidden=(("owner", "PMO"), ("expect", "12")),
        actions=tuple(
            Choice(value=verb, label=verb.capitalize(), effect=f"What {verb} does.", recommended=verb == "release")
            for verb in verbs
        ),
        answers=("approve", "decline"),
        cli="throughline batches start release --owner PMO",
    )


BATCH = BatchRow(
    key="batch-1", href="/batches/batch-1", what="Release 12 holds", reason="Row added.", person="Ann", state="Stopped",
    tone="risk", icon="circle-x", progress="9 of 12", percent=75, left="3", age=age("3 m", "14:31:48"),
)  # fmt: skip


@pytest.fixture
def batches_page() -> BatchesPage:
    return BatchesPage(
        shell=shell("Batches", "holds", Crumb("Holds", "/holds"), Crumb("Batches")),
        summary="1 batch under way.",
        fragment_url="/batches/fragment",
        rows=(BATCH,),
        empty=EmptyPlace("Nothing was done in a batch yet", "Tick holds in the queue."),
        older_url="/batches?before=1",
    )


@pytest.fixture
def batch_page() -> BatchPage:
    states = (("Waits", "wait", "circle-dashed"), ("Done", "ok", "circle-check"), ("Left", "risk", "hand"))
    return BatchPage(
        shell=shell("Release 12 holds", "holds", Crumb("Holds", "/holds"), Crumb("batch-1")),
        fragment_url="/batches/batch-1/fragment",
        batch=BATCH,
        amount="EUR 196,400.00",
        unknown="3",
        canary="the first went ahead alone",
        why="the first, HLD-1, did not go through: came back",
        items=tuple(
            BatchItemRow(key=str(n), href=f"/holds/HLD-{n}", hold=f"HLD-{n}", why="No tax code", amount="", state=state,
                         tone=tone, icon=icon, outcome="came back: no tax code")
            for n, (state, tone, icon) in enumerate(states)
        ),
        file_url="/batches/batch-1.csv",
        cancel_url="/batches/batch-1/cancel",
        cli="throughline batches show batch-1",
        cause_href="/causes/cause-1",
        older_url="/batches/batch-1?after=1",
    )  # fmt: skip


NOTE = "throughline/1f2e3d4c5b6a7988\n48213\nq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=\n\n\u2014 throughline A\n"
KEY = "throughline/1f2e3d4c5b6a7988+0a1b2c3d+AU1hZGUgdXAgZm9yIHRoaXMgcGFnZSBhbG9uZS4u"


@pytest.fixture
def audit_page() -> AuditPage:
    rows = (
        ("48212", "12:14:27", "Ida Berg", "answered", "HLD-7F3K2", "ENG-2041"),
        ("48211", "12:14:20", "throughline", "confirmed", "EFFECT-4QX7-invoice-of-march", "ENG-2041"),
        ("48210", "11:00:00", "throughline", "heartbeat", "audit log", ""),
    )
    return AuditPage(
        shell=shell("Audit trail", "audit", Crumb("Audit trail")),
        summary="48,213 leaves, all under a signed checkpoint.",
        fragment_url="/audit/fragment?actor=Ida+Berg",
        rows=tuple(
            LeafRow(
                key=place,
                href=f"/audit/leaves/{place}",
                place=place,
                at=moment(at),
                actor=who,
                action=did,
                object=what,
                engagement=engagement,
                about_href=f"/engagements/{engagement}" if engagement else "",
            )
            for place, at, who, did, what, engagement in rows
        ),
        filters=(
            AuditFilter(name="actor", label="Person", value="Ida Berg", example="Ada"),
            AuditFilter(name="since", label="From", value="2026-11-01", type="date"),
        ),
        facts=(
            Fact(label="Signed", value="48,213 leaves", note="2 s ago"),
            Fact(label="Waiting", value="0 leaves", note="for their place in the log"),
            Fact(label="Told elsewhere", value="Nowhere", note="set THROUGHLINE_AUDIT_ANCHOR", tone="warn"),
        ),
        note=NOTE,
        public_key=KEY,
        verify_url="/audit/verification",
        csv_url="/audit.csv?actor=Ida+Berg",
        pack_url="/audit/evidence.zip?engagement=ENG-2041",
        all_url="/audit",
        cli="throughline audit list --actor 'Ida Berg'",
        empty=EmptyPlace("Nothing of this is in the log", "Choose another person."),
        older_url="/audit?before=x",
        newest_url="/audit",
    )


@pytest.fixture
def leaf_page() -> LeafPage:
    return LeafPage(
        shell=dataclasses.replace(shell("Leaf 48,212", "audit", Crumb("Leaf 48,212")), live_url=""),
        summary="In the log of 48,213 leaves, as it was signed.",
        place="48,212",
        entry='{"action":"answered","actor":"Ida Berg","at":"2026-11-20T12:14:27.000000Z","object":"HLD-7F3K2"}',
        facts=(Fact(label="When", value="2026-11-20 12:14:27"), Fact(label="Who", value="Ida Berg")),
        about_href="/engagements/ENG-2041",
        size="48,213",
        path=("a1" * 32, "b2" * 32),
        note=NOTE,
        public_key=KEY,
        cli="throughline audit prove 48212",
    )


@pytest.fixture
def verification_page() -> VerificationPage:
    return VerificationPage(
        shell=dataclasses.replace(shell("Verification", "audit", Crumb("Verification")), live_url=""),
        summary="1 finding.",
        fine=False,
        facts=(Fact(label="Leaves read", value="48,213"),),
        findings=("Leaf 48,100 was changed: its text is not what was hashed.",),
        back_url="/audit",
        cli="throughline audit verify --kept kept.txt",
    )


@pytest.fixture
def values_page() -> ValuesPage:
    rows = (
        ("Name", "Halden Energy AS", "crm", "customer: *: crm", ("ERP said HALDEN ENERGY",), ""),
        ("Tax id", "", "", "customer: tax_id: erp", (), "is no tax id"),
    )
    return ValuesPage(
        shell=shell("Values of Halden grid rollout", "engagements", Crumb("Why this value")),
        name="Halden grid rollout",
        summary="2 fields of 1 thing, 1 field with a value that was refused.",
        fragment_url="/engagements/ENG-2041/values/fragment",
        things=(
            Valued(
                key="customer-1",
                title="Customer",
                our_id="customer-1",
                systems=("crm", "erp"),
                note="version 4",
                rows=tuple(
                    ValueRow(
                        thing="customer-1",
                        field=field,
                        value=value,
                        system=system,
                        at=moment("09:14:00") if system else None,
                        rule=rule,
                        refused=refused,
                        unread=unread,
                        capture="exchange 4711" if system else "",
                        capture_cli="throughline captures show 4711" if system else "",
                    )
                    for field, value, system, rule, refused, unread in rows
                ),
            ),
        ),
        csv_url="/engagements/ENG-2041/values.csv",
        back_url="/engagements/ENG-2041",
        cli="throughline why ENG-2041",
    )


@pytest.fixture
def find_page() -> FindPage:
    rows = (
        ("ENG-2041", "/engagements/ENG-2041", "Halden grid rollout", "EUR 486,000.00", "Held", 1, "Invoice INV-88117"),
        ("contact-1", "", "Ida Halden", "", "No deal yet", 0, "Contact Ida Halden"),
    )
    return FindPage(
        shell=shell("Find halden", "", Crumb("Find")),
        summary="2 matches. What fits best comes first.",
        fragment_url="/find/fragment?q=halden",
        query="halden",
        rows=tuple(
            FoundRow(
                key=key,
                href=href,
                name=name,
                customer="Halden Energy" if href else "",
                value=value,
                state=state,
                holds=held,
                by=by,
                won=moment("09:14:00") if href else None,
            )
            for key, href, name, value, state, held, by in rows
        ),
        empty=EmptyPlace("Nothing is known under halden", "Check it, or type the beginning of a name."),
        csv_url="/find.csv?q=halden",
        cli="throughline find halden",
    )


@pytest.fixture
def hold_page() -> HoldPage:
    return HoldPage(
        shell=shell("Norrvik Marine AS", "holds", Crumb("Holds", "/holds"), Crumb("HLD-9C1QX")),
        hold=TWINS,
        systems=("crm", "erp"),
        engagement_name="Norrvik fleet advisory",
        engagement_href="/engagements/ENG-2040",
        run="run-01JD8QB2",
        fragment_url="/holds/HLD-9C1QX/fragment",
        history=LOG[:4],
        comparison=Comparison(
            candidates=(
                Candidate(system="crm", title="Incoming account", id="001Hs00002aZq3T"),
                Candidate(system="erp", title="Existing customer", id="4471"),
            ),
            fields=(
                ComparedField(name="Name", values=("Norrvik Marine AS", "Norrvik Marine A/S"), differs=True),
                ComparedField(name="Tax id", values=("", ""), differs=False),
                ComparedField(name="Street", values=("Havnegata 7", "Havnegata 7"), differs=False),
                ComparedField(name="City", values=("Bergen", "Bergen"), differs=False),
                ComparedField(name="Country", values=("NO", "NO"), differs=False),
                ComparedField(name="Currency", values=("GBP", "USD"), differs=True),
            ),
            note="Name 0.97 alike, no tax id on either",
        ),
        marks=("Came back", "With Ann"),
        cause="The same customer?",
        cause_href="/causes/cause-1",
        proposal="Answered same: went through 8 of 9 times. Last time: “One tax id.”",
        difference=(ComparedField(name="Country", values=("", "NO"), differs=True),),
        difference_note="netsuite, customer, they have none yet",
        exchange=Excerpt(request="POST /customer", response="422 taxCode required"),
        notes=(Note(person="Ann", what="noted", text="Called them.", at=age("3 h", "14:31:48")),),
    )


@pytest.fixture
def systems_page() -> SystemsPage:
    ok, throttled, breaker_open, revoked = SystemState
    rows = (
        ("Salesforce", "crm", ok, "", "12 s", "1,204", "1,204 of 15,000", 8, "ok"),
        (
            "NetSuite",
            "erp",
            throttled,
            "Asks for a pause until 14:33:10.",
            "4 s",
            "412",
            "13,650 of 15,000",
            91,
            "warn",
        ),
        ("Kantata", "psa", breaker_open, "8 of 10 calls failed. Tried again at 14:36.", "3 m", "96", "", 0, "ok"),
        ("Slack", "chat", revoked, "The token was revoked. Store a new one.", "2 h 05 m", "7", "", 0, "ok"),
    )
    return SystemsPage(
        shell=shell("Systems", "systems", Crumb("Systems")),
        summary="4 systems: 1 working, 1 throttled, 2 need a person.",
        fragment_url="/systems/fragment",
        rows=tuple(
            SystemRow(
                key=role,
                product=product,
                address=f"https://{role}.example",
                roles=(role,),
                state=state,
                note=note,
                last_contact=age(contact, "14:31:48"),
                calls_today=calls,
                budget=budget,
                budget_percent=percent,
                budget_tone=tone,
            )
            for product, role, state, note, contact, calls, budget, percent, tone in rows
        ),
        empty=EmptyPlace("No system yet", "Connect a system, or start the sandbox.", "throughline sandbox start"),
    )


@pytest.fixture
def reconciliation_page() -> ReconciliationPage:
    agreed = ComparisonRow(
        key="contract-erp", href="/reconciliation?comparison=contract-erp", title="Contracts in the ERP",
        left="our record", left_total="214, EUR 12,480,300.00", right="ERP", right_total="214, EUR 12,480,300.00",
        breaks=0, watched=2, unreconciled="", verdict="Agrees", tone="ok", icon="circle-check", active=False,
        made=age("4 m"),
    )  # fmt: skip
    broken = dataclasses.replace(
        agreed, key="worked-billed", title="Worked and billed", left="worked", left_total="88, EUR 1,284,310.00",
        right="billed", right_total="87, EUR 1,221,910.00", breaks=2, watched=0,
        unreconciled="EUR 62,400.00, 1 unknown", verdict="2 breaks", tone="risk", icon="circle-alert", active=True,
    )  # fmt: skip
    unmade = dataclasses.replace(
        agreed, key="invoice-erp", title="Invoices in the ERP", verdict="Not made", tone="warn", icon="hourglass",
        why="the first read of invoices in netsuite is not over", made=None, watched=0,
    )  # fmt: skip
    row = BreakRow(
        key="break-0a1b2c3d4e5f", href="/reconciliation/break-0a1b2c3d4e5f",
        what="Worked and billed: the amounts differ", sort="amount", comparison="worked-billed",
        about="opportunity-k2m4, 2026-10", engagement_name="Alpenblick claims analytics",
        engagement_href="/engagements/ENG-2041", owner="Finance operations", age=age("3 d"), amount="EUR 62,400.00",
        regressed=True,
    )  # fmt: skip
    unknown = dataclasses.replace(
        row, key="break-1", what="Worked and billed: billed has nothing of it", sort="missing", amount="",
        engagement_name="", engagement_href="", regressed=False,
    )  # fmt: skip
    complete = CensusRow(
        key="netsuite-invoice-2026-11", system="netsuite", kind="invoice", period="2026-11", said="87", held="87",
        said_total="EUR 1,221,910.00", held_total="EUR 1,221,910.00", verdict="Complete", tone="ok",
        icon="circle-check",
    )  # fmt: skip
    skipped = dataclasses.replace(
        complete, key="kantata-time-2026-11", system="kantata", kind="time entry", said="9,204", held="9,203",
        said_total="", held_total="", verdict="Skipped", tone="risk", icon="circle-x",
    )  # fmt: skip
    return ReconciliationPage(
        shell=shell("Reconciliation", "reconciliation", Crumb("Reconciliation")),
        summary="2 breaks, EUR 62,400.00 unreconciled, 1 of unknown worth unreconciled, 1 skipped count.",
        fragment_url="/reconciliation/fragment",
        comparisons=(broken, agreed, unmade),
        rows=(row, unknown),
        censuses=(complete, skipped),
        empty=EmptyPlace("Nothing is unreconciled", "What does not agree appears here.", "throughline reconcile run"),
        file_url="/reconciliation.csv",
        chosen="Worked and billed",
        all_url="/reconciliation",
        older_url="/reconciliation?after=x",
        first_url="/reconciliation",
    )


@pytest.fixture
def break_page() -> BreakPage:
    ours = SourceRecord(
        key="ours-time-1", title="time_entry-7k2m4q9", detail="as it is settled", system="",
        facts=(("day", "2026-10-05"), ("hours", "7.5"), ("rate", "EUR 180.00")),
    )  # fmt: skip
    more = dataclasses.replace(ours, key="ours-time-2", title="time_entry-8l3n5r0")
    return BreakPage(
        shell=shell(
            "Worked and billed", "reconciliation", Crumb("Reconciliation", "/reconciliation"), Crumb("break-0a")
        ),
        fragment_url="/reconciliation/break-0a/fragment",
        what="Worked and billed: the amounts differ",
        key="break-0a",
        sort="amount",
        state="Open",
        tone="risk",
        icon="circle-alert",
        comparison="Worked and billed",
        comparison_href="/reconciliation?comparison=worked-billed",
        amount="EUR 62,400.00",
        owner="Finance operations",
        since=age("3 d"),
        first_seen=moment("09:12:00"),
        last_seen=moment("11:58:00"),
        about="opportunity-k2m4",
        period="2026-10",
        engagement_name="Alpenblick claims analytics",
        engagement_href="/engagements/ENG-2041",
        left="worked",
        right="billed",
        fields=(
            ComparedField(name="amount", values=("EUR 1,284,310.00", ""), differs=True),
            ComparedField(name="currency", values=("EUR", "EUR"), differs=False),
        ),
        left_records=(ours, more),
        right_records=(),
        remedies=(
            Remedy(
                verb="Release", what="No tax code for DE.", command="throughline holds show HLD-1", href="/holds/HLD-1"
            ),
            Remedy(verb="Look again", what="Compare once more.", command="throughline reconcile run worked-billed"),
        ),
    )


@pytest.fixture
def overview_page() -> OverviewPage:
    return figure_pages.overview_page(shell("Quote to cash", "overview", Crumb("Quote to cash")))


@pytest.fixture
def kpis_page() -> KpisPage:
    return figure_pages.kpis_page(shell("Key figures", "kpis", Crumb("Key figures")))


@pytest.fixture
def board_page() -> BoardPage:
    return figure_pages.board_page(shell("Start readiness", "boards", Crumb("Boards", "/boards/start-readiness")))


@pytest.fixture
def error_page() -> ErrorPage:
    return ErrorPage(
        shell=dataclasses.replace(shell("Not found", "", Crumb("Not found")), live_url=""),
        code="404",
        what="There is no engagement ENG-9999",
        why="No deal was ever won under this id, in this environment.",
        fix="Check the id, or look for the customer in the list of engagements.",
        back_href="/engagements",
        back_text="Go to the engagements",
        reference="01JD8Q4T7M2VZK3C5R8WQ9H9KX",
    )


ROLES = (
    Tick(value="viewer", label="Viewer", meaning="read"),
    Tick(value="operator", label="Operator", meaning="read, plan, decide, cancel", on=True),
)
COMPANIES = (Tick(value="DE", label="DE", meaning="Sample Germany GmbH", on=True), Tick(value="UK", label="UK"))
ANNA = PersonRow(
    key="anna@example.com",
    href="/people/anna%40example.com",
    roles=("Operator", "Approver"),
    companies="DE, UK",
    keys="1",
    sessions="2",
    seen=age("12 m"),
    added=moment("09:00:00"),
    added_by="boss@example.com",
)
ACCESS_KEY = KeyRow(
    key="key-7f3k2qxm4a",
    name="Browser",
    owner="anna@example.com",
    rights=("read", "decide"),
    companies="All",
    used=age("3 m"),
    expires=moment("23:00:00"),
    over=False,
    remove_url="/access-keys/key-7f3k2qxm4a/remove",
)


@pytest.fixture
def people_page() -> PeoplePage:
    return PeoplePage(
        shell=dataclasses.replace(shell("People", "people", Crumb("People")), sign_out_url="/sign-out"),
        summary="1 person, 2 keys.",
        fragment_url="/people/fragment",
        add_url="/people",
        key_url="/access-keys",
        rows=(ANNA,),
        keys=(
            ACCESS_KEY,
            dataclasses.replace(ACCESS_KEY, key="key-2", name="Warehouse", owner="", used=None, over=True),
        ),
        roles=ROLES,
        companies=COMPANIES,
        rights=(Tick(value="read", label="Read", meaning="See engagements, holds and runs."),),
        cli="throughline people add anna@example.com --role operator",
        empty=EmptyPlace("Nobody is written down yet", "Whoever is on this machine is its admin."),
    )


@pytest.fixture
def person_page() -> PersonPage:
    return PersonPage(
        shell=shell("anna@example.com", "people", Crumb("People", "/people"), Crumb("anna@example.com")),
        fragment_url="/people/anna%40example.com/fragment",
        person=ANNA,
        roles=ROLES,
        companies=COMPANIES,
        keys=(ACCESS_KEY,),
        change_url="/people/anna%40example.com/change",
        sign_out_url="/people/anna%40example.com/sign-out",
        remove_url="/people/anna%40example.com/remove",
        key_url="/people/anna%40example.com/key",
        cli="throughline people role anna@example.com --role operator --role approver",
    )


@pytest.fixture
def key_made_page() -> KeyMadePage:
    return KeyMadePage(
        shell=shell("A new key", "people", Crumb("People", "/people"), Crumb("A new key")),
        name="Browser",
        secret="tl_key-7f3k2qxm4a_1234",
        back_href="/people",
    )


@pytest.fixture
def pages(request: pytest.FixtureRequest) -> dict[str, Page]:
    names = (
        "engagement", "engagements", "find", "values", "hold", "holds", "causes", "cause", "batches", "batch",
        "reconciliation", "break", "systems", "overview", "kpis", "board", "audit", "people", "person", "key_made",
        "new_batch", "error", "leaf", "verification",
    )  # fmt: skip
    return {name: request.getfixturevalue(f"{name}_page") for name in names}
