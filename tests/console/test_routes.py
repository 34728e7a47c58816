"""The console's routes on a real machine: pages, twins, decisions, the live line, and who is let in."""

import asyncio
import csv
import io
import json
import re
from collections.abc import AsyncGenerator, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from throughline import main, server
from throughline.api.doors import Doors
from throughline.console.rendering import CONTENT_SECURITY_POLICY, fingerprint
from throughline.demo.layout import SECRETS, lay_out
from throughline.hub.machine import Machine
from throughline.settings import Settings
from throughline.store import lockouts
from throughline.store.lockouts import SystemHold

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DEAL, LANE = "opportunity-1", "opportunity-to-project:opportunity-1"
HERE = "127.0.0.1:7420"

type Message = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


@dataclass(slots=True)
class Browser:
    """Keeps cookies and follows nothing; calls the doors as a server would, without a socket."""

    app: Any
    host: str = HERE
    cookies: dict[str, str] = field(default_factory=dict[str, str])

    async def get(self, path: str, **headers: str) -> Answer:
        return await self._call("GET", path, b"", {"accept": "text/html", **headers})

    async def post(self, path: str, form: dict[str, str], **headers: str) -> Answer:
        body = urlencode(form).encode()
        said = {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body)), **headers}
        return await self._call("POST", path, body, said)

    async def token(self, path: str = "/holds/hold-1") -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', (await self.get(path)).text)
        assert found
        return found[1]

    async def download(self, path: str) -> bytes:
        """A file that is no text."""
        return b"".join(message.get("body", b"") for message in await self._sent("GET", path, b"", {}))

    async def _call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        sent = await self._sent(method, path, body, headers)
        said = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        if cookie := said.get("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
        return Answer(sent[0]["status"], said, text)

    async def _sent(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> list[Message]:
        sent: list[Message] = []
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if not waiting:
                await asyncio.Event().wait()  # the reader stays until it has everything
            return waiting.pop()

        async def send(message: Message) -> None:
            sent.append(message)

        await self.app(self.scope(method, path, headers), receive, send)
        return sent

    def scope(self, method: str, path: str, headers: dict[str, str]) -> Message:
        route, _, query = path.partition("?")
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        said = {"host": self.host, **({"cookie": cookie} if cookie else {}), **headers}
        return {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": route, "raw_path": route.encode(), "query_string": query.encode(),
            "root_path": "",
            "headers": [(n.lower().replace("_", "-").encode(), v.encode()) for n, v in said.items()],
            "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 7420), "state": {},
        }  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    systems = ("salesforce", "netsuite", "kantata", "slack", "workday")
    handout = {name: {"url": f"http://127.0.0.1:1/{name}"} for name in systems}
    for system, secret in SECRETS.values():
        handout[system][secret] = "a secret of the tests"
    return Settings(firm=lay_out(tmp_path, handout), data=tmp_path / "data", database_url=database_url)


@pytest.fixture
async def machine(settings: Settings) -> AsyncGenerator[Machine]:
    async with main.machine(settings, clock=lambda: NOON) as machine:
        await machine.firms.apply(by="a test")
        yield machine


@pytest.fixture
def doors(machine: Machine, settings: Settings) -> Doors:
    return server.app(machine, settings)


@pytest.fixture
def browser(doors: Doors) -> Browser:
    return Browser(doors)


@pytest.fixture
def locked(machine: Machine, settings: Settings) -> Browser:
    keyed = settings.model_copy(update={"api_key": "the-key"})
    return Browser(server.app(machine, keyed), host="hub.example.com")


async def insert(machine: Machine, table: str, **columns: Any) -> None:
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    statement = f"insert into {table} ({', '.join(columns)}) values ({places})"
    await machine.pool.execute(statement, *columns.values())


@pytest.fixture
async def held(machine: Machine) -> None:
    """A won deal whose finance part asks for an approval; its name would be code if it were not escaped."""
    at, money = NOON - timedelta(minutes=10), {"amount": "486000.00", "currency": "EUR"}
    fields = {"id": DEAL, "name": "=Claims <script>", "customer": "customer-1", "amount": money}
    parts = [{"name": "finance", "state": "held", "why": "x", "owner": "o"}]
    about = {"run": "run-1", "lane": LANE, "subject": DEAL, "correlation": DEAL}
    for id_, kind, said in ((DEAL, "opportunity", fields), ("customer-1", "customer", {"name": "Sample AG"})):
        await insert(machine, "entities", id=id_, kind=kind, version=1, fields=said, unread={}, provenance={},
                     updated_at=at)  # fmt: skip
    await insert(machine, "links", system="salesforce", kind="opportunity", key="006000000000001AAA", entity=DEAL,
                 sent={}, at=at)  # fmt: skip
    await insert(machine, "events", id="WON", type="OpportunityWon", subject=DEAL, fields={}, correlation=DEAL, at=at)
    await insert(
        machine, "runs", id="run-1", workflow="opportunity-to-project", lane=LANE, event_type="OpportunityWon",
        event={"opportunity": DEAL}, subject=DEAL, state="held", parts=parts, reads=[DEAL], attempt=0, passes=1,
        correlation=DEAL, created_at=at, updated_at=at,
    )  # fmt: skip
    await insert(machine, "lanes", key=LANE, fence=1)
    await insert(machine, "clocks", id="clock-1", hop="project_open", subject=DEAL, engagement=DEAL, state="running",
                 paused=False, began_at=at, due_at=at + timedelta(hours=1))  # fmt: skip
    await insert(
        machine, "holds", id="hold-1", **about, part="finance", name="approval", kind="question", why="Approve it?",
        fix="Choose.", owner="Finance", amount=Decimal(486000), currency="EUR", choices=["approve", "decline"],
        candidates=[], state="open", opened_at=at,
    )  # fmt: skip


@pytest.fixture
async def broken(machine: Machine, held: None) -> None:
    """The deal is sold and nobody planned it."""
    del held
    await insert(
        machine, "breaks", id="break-1", comparison="sold-planned", key=DEAL, sort="missing", about=DEAL,
        engagement=DEAL, fields=[], left_said={"amount": "486000", "currency": "EUR"}, owner="PMO",
        amount=Decimal(486000), currency="EUR", state="open", times=1, first_seen_at=NOON, since=NOON,
        last_seen_at=NOON,
    )  # fmt: skip


PAGES = (
    "/engagements", f"/engagements/{DEAL}", "/holds", "/holds/hold-1", "/reconciliation", "/reconciliation/break-1",
    "/systems", "/overview", "/kpis", "/clocks", "/boards/start-readiness", "/boards/billing-cut-off",
    "/boards/unposted-time", "/boards/change-orders", "/people",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.usefixtures("broken")
async def test_every_page_has_its_policy_its_fragment_and_its_twin(path: str, browser: Browser) -> None:
    page, part, twin = await browser.get(path), await browser.get(f"{path}/fragment"), await browser.get(f"{path}.json")

    assert [page.status, part.status, twin.status] == [200, 200, 200]
    assert page.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert (page.headers["cache-control"], page.headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert "x-request-id" in page.headers
    assert f'hx-get="{path}/fragment"' in page.text
    assert part.text.lstrip().startswith('<div id="region"')
    assert "<script>" not in page.text.replace('<script src="', "")
    assert "csrf" not in twin.text
    assert json.loads(twin.text)


@pytest.mark.usefixtures("held")
async def test_the_engagement_tells_its_stages_money_and_clock(browser: Browser) -> None:
    told = json.loads((await browser.get(f"/engagements/{DEAL}.json")).text)

    assert [stage["state"] for stage in told["stages"]] == ["done", "held", "waiting", "waiting", "waiting", "waiting"]
    assert [(fact["label"], fact["value"]) for fact in told["money"]] == [
        ("Sold", "EUR 486,000.00"),
        ("At risk", "EUR 486,000.00"),
    ]
    assert [(each["label"], each["value"], each["percent"]) for each in told["ladder"]][:3] == [
        ("Sold", "EUR 486,000.00", 100), ("Contracted", "", 0), ("Planned", "", 0),
    ]  # fmt: skip
    assert told["clocks"][0]["text"] == "50 m left of 1 h"
    assert told["holds"][0]["cli"] == 'throughline holds answer hold-1 approve --reason "..."'
    assert [entry["title"] for entry in told["log"]] == ["Finance held", "Opportunity won"]


@pytest.mark.usefixtures("held")
async def test_a_quarantine_shows_what_was_sent_and_both_records_side_by_side(
    machine: Machine, browser: Browser
) -> None:
    await insert(
        machine, "holds", id="hold-2", run="run-1", lane=LANE, subject=DEAL, correlation=DEAL, part="delivery",
        name="twins-1", kind="quarantine", why="kantata has 2 records of one project: 7, 17", fix="Say which.",
        owner="Delivery", choices=["it is 7", "it is 17"], state="open", opened_at=NOON,
        candidates=[{"record": "what we sent", "name": "Rollout"}, {"record": "7", "name": "Rollout"},
                    {"record": "17", "name": "Roll-out"}],
    )  # fmt: skip

    told = json.loads((await browser.get("/holds/hold-2.json")).text)

    heads = [(each["system"], each["title"], each["id"]) for each in told["comparison"]["candidates"]]
    assert heads == [("hub", "What we sent", ""), ("psa", "Found there", "7"), ("psa", "Found there", "17")]
    assert [(each["values"], each["differs"]) for each in told["comparison"]["fields"]] == [
        (["Rollout", "Rollout", "Roll-out"], True)
    ]
    assert [each["effect"] for each in told["hold"]["choices"]] == [
        "What we sent and 7 become one. Nothing new is created there.",
        "What we sent and 17 become one. Nothing new is created there.",
    ]


@pytest.mark.usefixtures("held")
async def test_another_id_leads_to_the_engagement(browser: Browser) -> None:
    for any_id in ("006000000000001AAA", "006000000000001", "run-1", "hold-1"):
        answer = await browser.get(f"/engagements/{any_id}")
        assert (answer.status, answer.headers["location"]) == (303, f"/engagements/{DEAL}")


@pytest.mark.usefixtures("held")
async def test_every_value_of_an_engagement_says_where_it_is_from(browser: Browser, machine: Machine) -> None:
    await insert(machine, "refusals", entity=DEAL, field="name", system="netsuite", owner="salesforce", value="Other",
                 at=NOON)  # fmt: skip
    said = {"name": {"source": "salesforce", "at": NOON.isoformat()}}
    await machine.pool.execute("update entities set provenance = $1 where id = $2", said, DEAL)

    page = (await browser.get(f"/engagements/{DEAL}/values")).text
    told = json.loads((await browser.get(f"/engagements/{DEAL}/values.json")).text)
    rows = list(csv.DictReader(io.StringIO((await browser.get(f"/engagements/{DEAL}/values.csv")).text)))
    (name,) = [row for row in told["things"][0]["rows"] if row["field"] == "Name"]

    assert f"throughline why {DEAL}" in page
    assert (name["system"], name["rule"], name["refused"]) == ("crm", "opportunity: *: crm", ["ERP said Other"])
    assert [row["thing"] for row in rows if row["field"] == "Name"] == [DEAL, "customer-1"]
    assert f'href="/engagements/{DEAL}/values"' in (await browser.get(f"/engagements/{DEAL}")).text
    assert (await browser.get("/engagements/nobody/values")).status == 404


@pytest.mark.usefixtures("held")
async def test_what_leads_to_one_engagement_opens_it(browser: Browser) -> None:
    for said in ("claims", "486%2C000.00", "006000000000001", "hold-1"):
        page, twin = await browser.get(f"/find?q={said}"), await browser.get(f"/find.json?q={said}")
        assert (page.status, page.headers["location"]) == (303, f"/engagements/{DEAL}"), said
        assert (twin.status, twin.headers["location"]) == (303, f"/engagements/{DEAL}.json"), said
        assert (await browser.get(f"/find/fragment?q={said}")).status == 204


@pytest.mark.usefixtures("held")
async def test_several_are_listed_with_by_what_each_was_found(browser: Browser, machine: Machine) -> None:
    await insert(machine, "entities", id="opportunity-2", kind="opportunity", version=1, fields={"name": "Claims II"},
                 unread={}, provenance={}, updated_at=NOON)  # fmt: skip

    page = await browser.get("/find?q=claims")
    rows = json.loads((await browser.get("/find.json?q=claims")).text)["rows"]
    (first, second) = csv.DictReader(io.StringIO((await browser.get("/find.csv?q=claims")).text))

    assert page.status == 200
    assert 'hx-get="/find/fragment?q=claims"' in page.text
    assert "throughline find claims" in page.text
    assert sorted((each["href"], each["by"]) for each in rows) == [
        ("", "Opportunity Claims II"),
        (f"/engagements/{DEAL}", "Opportunity =Claims <script>"),
    ]
    assert {first["name"], second["name"]} == {"'=Claims <script>", "Claims II"}


async def test_the_box_says_what_it_takes_and_what_it_does_not_know(browser: Browser) -> None:
    assert "Type any id of any system" in (await browser.get("/find")).text
    assert "Nothing is known under nowhere" in (await browser.get("/find?q=nowhere")).text


@pytest.mark.usefixtures("held")
async def test_lists_are_files_and_no_cell_is_a_formula(browser: Browser) -> None:
    answer = await browser.get("/engagements.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert answer.headers["content-type"].startswith("text/csv")
    assert [(row["name"], row["customer"], row["age"]) for row in rows] == [
        ("'=Claims <script>", "Sample AG", "2026-11-20T11:50:00+00:00")
    ]
    assert len(list(csv.DictReader(io.StringIO((await browser.get("/holds.csv")).text)))) == 1
    assert len(list(csv.DictReader(io.StringIO((await browser.get("/systems.csv")).text)))) == 5


@pytest.mark.usefixtures("broken")
async def test_a_break_shows_what_is_behind_it_and_offers_the_hold_of_its_engagement(browser: Browser) -> None:
    told = json.loads((await browser.get("/reconciliation/break-1.json")).text)

    assert told["what"] == "Sold and planned: planned has nothing of it"
    assert [each["values"] for each in told["fields"]] == [["EUR 486,000.00", ""], ["EUR", ""]]
    assert [each["title"] for each in told["left_records"]] == [DEAL]
    assert [each["verb"] for each in told["remedies"]] == ["Answer", "Replay", "Look again"]
    assert told["remedies"][0]["href"] == "/holds/hold-1"


@pytest.mark.usefixtures("broken")
async def test_breaks_are_listed_with_what_they_are_worth_and_as_a_file(browser: Browser) -> None:
    told = json.loads((await browser.get("/reconciliation.json?comparison=sold-planned")).text)
    rows = list(csv.DictReader(io.StringIO((await browser.get("/reconciliation.csv")).text)))

    assert told["summary"] == "1 break, EUR 486,000.00 unreconciled."
    assert [(each["amount"], each["owner"]) for each in told["rows"]] == [("EUR 486,000.00", "PMO")]
    assert [(row["key"], row["engagement_name"]) for row in rows] == [("break-1", "'=Claims <script>")]
    assert (await browser.get("/reconciliation/break-x")).status == 404
    assert (await browser.get("/reconciliation?comparison=nothing")).status == 404


@pytest.mark.usefixtures("held")
async def test_the_queue_is_filtered_by_owner(browser: Browser) -> None:
    assert len(json.loads((await browser.get("/holds.json?owner=Finance")).text)["rows"]) == 1
    assert json.loads((await browser.get("/holds.json?owner=Nobody")).text)["rows"] == []


@pytest.mark.usefixtures("held")
async def test_an_answer_is_given_once_and_leads_back(browser: Browser, machine: Machine) -> None:
    form = {"csrf_token": await browser.token(), "choice": "approve", "reason": "Agreed."}

    first = await browser.post("/holds/hold-1/answer", form, referer=f"http://{HERE}/holds/hold-1")
    again = await browser.post("/holds/hold-1/answer", form)

    assert (first.status, first.headers["location"]) == (303, "/holds/hold-1")
    assert again.status == 409
    assert "is closed: answered approve by console" in again.text
    assert "Answered approve by console" in (await browser.get("/holds/hold-1")).text
    assert await machine.pool.fetchval("select due_at from lanes") == NOON


@pytest.mark.usefixtures("held")
async def test_a_run_is_cancelled_once_with_a_reason_and_leads_back(browser: Browser, machine: Machine) -> None:
    run = await machine.pool.fetchval("select run from holds")
    form = {"csrf_token": await browser.token(), "reason": "The client walked away."}
    assert f'action="/runs/{run}/cancel"' in (await browser.get("/holds/hold-1")).text

    forged = await browser.post(f"/runs/{run}/cancel", {"reason": "x"})
    first = await browser.post(f"/runs/{run}/cancel", form, referer=f"http://{HERE}/holds/hold-1")
    again = await browser.post(f"/runs/{run}/cancel", form)
    nowhere = await browser.post("/runs/run-nowhere/cancel", form)

    assert (forged.status, first.status, first.headers["location"]) == (403, 303, "/holds/hold-1")
    assert (again.status, nowhere.status) == (409, 404)
    page = (await browser.get("/holds/hold-1")).text
    assert "Cancelled by console: The client walked away." in page
    assert "/cancel" not in page


async def test_a_system_that_does_not_let_us_in_is_shown_and_released_like_any_hold(
    browser: Browser, machine: Machine
) -> None:
    hold = SystemHold("hold-x", "netsuite", "netsuite does not let us in", "Renew it.", "Integration support", "f")
    await lockouts.open_(machine.pool, hold, now=NOON)

    queue, page, systems = [(await browser.get(path)).text for path in ("/holds", "/holds/hold-x", "/systems")]
    form = {"csrf_token": await browser.token("/holds/hold-x"), "reason": "Renewed."}
    released = await browser.post("/holds/hold-x/release", form, referer=f"http://{HERE}/holds/hold-x")

    assert "netsuite does not let us in" in queue
    assert "0 runs of netsuite" in queue
    assert "0 runs of netsuite" in page
    assert "netsuite does not let us in" in systems
    assert released.status == 303
    assert "Released by console" in (await browser.get("/holds/hold-x")).text


FORGED = {
    "no token": ({"choice": "approve"}, {}),
    "a made-up token": ({"choice": "approve", "csrf_token": "AAAA"}, {}),
    "another site": ({"choice": "approve", "csrf_token": "ours"}, {"sec_fetch_site": "cross-site"}),
    "a neighbour": ({"choice": "approve", "csrf_token": "ours"}, {"sec_fetch_site": "same-site"}),
    "another origin": ({"choice": "approve", "csrf_token": "ours"}, {"origin": "http://evil.example"}),
    "no origin": ({"choice": "approve", "csrf_token": "ours"}, {"origin": "null"}),
}


@pytest.mark.parametrize("how", FORGED)
@pytest.mark.usefixtures("held")
async def test_a_forged_form_decides_nothing(how: str, browser: Browser, machine: Machine) -> None:
    form, headers = FORGED[how]
    ours = await browser.token()

    answer = await browser.post(
        "/holds/hold-1/answer",
        {**form, **({"csrf_token": ours} if form.get("csrf_token") == "ours" else {})},
        **headers,
    )

    assert answer.status == 403
    assert await machine.pool.fetchval("select count(*) from journal") == 0


@pytest.mark.usefixtures("held")
async def test_anothers_token_is_not_taken_for_ones_own(browser: Browser, machine: Machine) -> None:
    others = await Browser(browser.app).token()
    await browser.token()

    answer = await browser.post("/holds/hold-1/answer", {"choice": "approve", "csrf_token": others})

    assert answer.status == 403
    assert await machine.pool.fetchval("select count(*) from journal") == 0


@pytest.mark.usefixtures("held")
async def test_the_forms_token_stays_while_the_page_is_drawn_again(browser: Browser) -> None:
    token = await browser.token()

    assert token in (await browser.get("/holds/hold-1/fragment")).text


async def test_a_form_that_is_too_large_is_not_read(browser: Browser) -> None:
    answer = await browser.post("/holds/hold-1/answer", {"reason": "x" * 70000})

    assert answer.status == 413


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/engagements/none", 404),
        ("/holds/none", 404),
        ("/engagements?before=AAAA", 400),
        ("/holds?after=x", 400),
    ],
)
async def test_an_error_is_a_page_that_says_what_to_do(path: str, status: int, browser: Browser) -> None:
    answer = await browser.get(path)

    assert answer.status == status
    assert "What to do" in answer.text
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


async def test_a_database_that_is_away_is_still_a_page(browser: Browser, machine: Machine) -> None:
    await machine.pool.execute("alter table holds rename to holds_away")

    answer = await browser.get("/holds")

    assert answer.status == 503
    assert "The database does not answer" in answer.text
    assert "holds_away" not in answer.text


async def test_files_are_kept_for_ever_only_under_their_fingerprint(browser: Browser) -> None:
    known = await browser.get(f"/static/app.css?{fingerprint('app.css')}")
    old = await browser.get("/static/app.css?0123456789ab")
    vendored = await browser.get("/static/vendor/htmx/4.0.1/htmx.min.js")

    assert "immutable" in known.headers["cache-control"]
    assert old.headers["cache-control"] == "no-cache"
    assert "immutable" in vendored.headers["cache-control"]
    for outside in ("/static/../routes.py", "/static/nothing.css"):
        assert (await browser.get(outside)).status == 404


async def test_without_a_key_a_rebound_name_is_not_answered(browser: Browser) -> None:
    browser.host = "evil.example"

    answer = await browser.get("/engagements")

    assert answer.status == 421


async def test_with_a_key_a_page_leads_to_the_login_and_a_part_does_not(locked: Browser) -> None:
    page = await locked.get("/holds?owner=PMO")

    assert (page.status, page.headers["location"]) == (303, "/login?next=%2Fholds%3Fowner%3DPMO")
    for path in ("/holds/fragment", "/live"):
        assert (await locked.get(path)).status == 401
    assert (await locked.get("/holds.json", accept="application/json")).status == 401
    assert (await locked.post("/holds/hold-1/answer", {"choice": "approve"})).status == 401
    assert (await locked.get("/static/app.css")).status == 200


@pytest.mark.usefixtures("held")
async def test_who_has_the_key_signs_in_and_decides_by_name(locked: Browser, machine: Machine) -> None:
    form = {"csrf_token": await locked.token("/login"), "person": "Sample Person 3", "next": "/holds"}
    wrong = await locked.post("/login", {**form, "key": "another"})
    right = await locked.post("/login", {**form, "key": "the-key"})
    answer = await locked.post("/holds/hold-1/answer", {"csrf_token": await locked.token(), "choice": "decline"})

    assert (wrong.status, right.status, right.headers["location"]) == (403, 303, "/holds")
    assert {"HttpOnly", "SameSite=strict"} <= set(right.headers["set-cookie"].split("; "))
    assert answer.status == 303
    assert await machine.pool.fetchval("select actor from journal") == "Sample Person 3"
    assert "Sample Person 3" in (await locked.get("/engagements")).text


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"])
async def test_signing_in_never_leads_elsewhere(elsewhere: str, locked: Browser) -> None:
    form = {"csrf_token": await locked.token("/login"), "person": "P", "key": "the-key", "next": elsewhere}

    assert (await locked.post("/login", form)).headers["location"] == "/"


async def test_a_made_up_or_old_session_is_nobodys(locked: Browser, machine: Machine, settings: Settings) -> None:
    await locked.post(
        "/login", {"csrf_token": await locked.token("/login"), "person": "P", "key": "the-key", "next": "/"}
    )
    session = locked.cookies["throughline_session"]
    assert (await locked.get("/systems")).status == 200

    other_key = Browser(
        server.app(machine, settings.model_copy(update={"api_key": "other"})), "hub", dict(locked.cookies)
    )
    locked.cookies["throughline_session"] = ("A" if session[0] != "A" else "B") + session[1:]

    assert (await locked.get("/systems")).status == 303
    assert (await other_key.get("/systems")).status == 303


async def test_the_live_line_hints_when_something_happened_and_ends_with_the_server(
    browser: Browser, doors: Doors, machine: Machine
) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message.get("body"):
            heard.put_nowait(message["body"].decode())

    line = asyncio.create_task(doors(browser.scope("GET", "/live", {}), receive, send))
    assert "event: hint" in await asyncio.wait_for(heard.get(), 5)
    assert heard.empty()

    await insert(machine, "journal", at=NOON, actor="a", action="b", object="c", detail={})
    assert await asyncio.wait_for(heard.get(), 5) == "event: hint\ndata: {}\n\n"

    doors.stop()
    await asyncio.wait_for(line, 5)
