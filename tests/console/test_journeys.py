"""Journeys in a real browser: no accessibility violation, a page that lives, a page that works without JavaScript."""

import asyncio
import dataclasses
import shutil
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from throughline.console.engagement import EngagementPage
from throughline.console.pieces import LogEntry
from throughline.console.rendering import CONTENT_SECURITY_POLICY, render, render_fragment, static_folder
from throughline.console.rendering import Page as ConsolePage
from throughline.console.states import State

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on this machine: apt-get install chromium, then these journeys run"
)

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


class Door:
    """A tiny door: the example pages, their fragments, the static files and one live line, under the real policy."""

    def __init__(self, pages: dict[str, ConsolePage]) -> None:
        self.pages: dict[str, Any] = pages
        self.lines: list[asyncio.Queue[bytes | None]] = []
        self.posted: list[dict[str, str]] = []
        self.fragment_status = 200
        self.live_status = 200
        self.address = ""

    async def page(self, request: web.Request) -> web.Response:
        return self._html(render(self.pages[request.match_info["name"]]))

    async def fragment(self, request: web.Request) -> web.Response:
        if self.fragment_status != 200:
            return web.Response(status=self.fragment_status, text="<p>broken</p>", content_type="text/html")
        (page,) = [p for p in self.pages.values() if getattr(p, "fragment_url", "") == request.path]
        return self._html(render_fragment(page))

    async def live(self, request: web.Request) -> web.StreamResponse:
        if self.live_status != 200:
            return web.Response(status=self.live_status)
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        await answer.write(b": here\n\n")
        line: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.lines.append(line)
        while (event := await line.get()) is not None:
            await answer.write(event)
        return answer

    async def post(self, request: web.Request) -> web.Response:
        self.posted.append({key: str(value) for key, value in (await request.post()).items()} | {"to": request.path})
        raise web.HTTPSeeOther("/pages/engagement")

    async def late(self, request: web.Request) -> web.FileResponse:
        await asyncio.sleep(0.3)
        return web.FileResponse(static_folder() / request.path.removeprefix("/static/"))

    async def found(self, request: web.Request) -> web.Response:
        return self._html(render(dataclasses.replace(self.pages["find"], query=request.query["q"])))

    def hint(self) -> None:
        self.lines[-1].put_nowait(b"event: hint\ndata: {}\n\n")

    def hang_up(self) -> None:
        for line in self.lines:
            line.put_nowait(None)

    @staticmethod
    def _html(text: str) -> web.Response:
        return web.Response(
            text=text, content_type="text/html", headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        )


@pytest.fixture
async def door(pages: dict[str, ConsolePage]) -> AsyncIterator[Door]:
    door, app = Door(pages), web.Application()
    app.router.add_get("/pages/{name}", door.page)
    app.router.add_get("/live", door.live)
    app.router.add_get("/find", door.found)
    app.router.add_get("/static/vendor/htmx/4.0.1/hx-sse.min.js", door.late)
    app.router.add_static("/static", static_folder())
    app.router.add_get("/{path:.+/fragment|engagements/fragment}", door.fragment)
    app.router.add_post("/{path:.+}", door.post)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    door.address = f"http://127.0.0.1:{runner.addresses[0][1]}/pages"
    yield door
    door.hang_up()
    await runner.cleanup()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@asynccontextmanager
async def tab(browser: Browser, *, forgiven: str = "\0", **context: Any) -> AsyncGenerator[Page]:
    """A tab in which any complaint of the browser, a refused inline style among them, fails the test."""
    kept: BrowserContext = await browser.new_context(viewport={"width": 1440, "height": 900}, **context)
    page = await kept.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await kept.close()
    assert [c for c in complaints if forgiven not in c] == []


async def open_live(page: Page, address: str) -> None:
    await page.goto(address)
    await expect(page.locator("#live-state")).to_have_text("Live")


def with_news(page: EngagementPage) -> EngagementPage:
    news = LogEntry(
        key="e13",
        at=page.log[0].at,
        system="erp",
        title="Contract created",
        detail="SO-20918 with tax code DE-RC.",
        state=State.DONE,
    )
    urgent = tuple(dataclasses.replace(item, count="4") if item.key == "holds" else item for item in page.shell.nav)
    return dataclasses.replace(page, log=(news, *page.log), shell=dataclasses.replace(page.shell, nav=urgent))


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_no_page_has_an_accessibility_violation(theme: Any, door: Door, browser: Browser) -> None:
    engagement, hold, holds = door.pages["engagement"], door.pages["hold"], door.pages["holds"]
    closed = dataclasses.replace(hold.hold, resolution="Released by finance operations at 14:40.")
    door.pages["engagement-unheld"] = dataclasses.replace(engagement, holds=(), log=(), ids=())
    door.pages["hold-closed"] = dataclasses.replace(hold, hold=closed, comparison=None)
    door.pages["holds-empty"] = dataclasses.replace(holds, rows=())
    async with tab(browser, color_scheme=theme) as page:
        for name in door.pages:
            await page.goto(f"{door.address}/{name}")
            for row in await page.locator("details").all():
                await row.evaluate("row => row.open = true")
            results = await Axe().run(page, options=WCAG)
            found = [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in results.response["violations"]]
            assert found == [], name
            assert len(results.response["passes"]) > 10


async def test_a_hint_brings_news_and_disturbs_nothing(door: Door, browser: Browser) -> None:
    async with tab(browser) as page:
        await open_live(page, f"{door.address}/engagement")
        await page.locator("#event-e10 summary").click()
        reason = page.get_by_label("Reason kept with the decision")
        await reason.fill("Reverse charge ap")

        door.pages["engagement"] = with_news(door.pages["engagement"])
        door.hint()
        await expect(page.locator("#event-e13")).to_contain_text("Contract created")
        await page.keyboard.type("plies")

        await expect(reason).to_have_value("Reverse charge applies")
        await expect(reason).to_be_focused()
        await expect(page.locator("#event-e10 .evx")).to_be_visible()
        await expect(page.locator("#event-e13 .evx")).to_be_hidden()
        await expect(page.locator("#navigation .hot")).to_have_text("4")
        assert await page.locator("#region").count() == 1


async def test_a_focused_row_keeps_its_focus_when_rows_come_above_it(door: Door, browser: Browser) -> None:
    async with tab(browser) as page:
        await open_live(page, f"{door.address}/engagement")
        await page.locator("#event-e12 summary").focus()

        door.pages["engagement"] = with_news(door.pages["engagement"])
        door.hint()
        await expect(page.locator("#event-e13")).to_be_visible()

        await expect(page.locator("#event-e12 summary")).to_be_focused()


async def test_many_hints_are_one_request_now_and_one_at_the_end(door: Door, browser: Browser) -> None:
    async with tab(browser) as page:
        await open_live(page, f"{door.address}/engagement")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "fragment" in request.url else None)
        await page.evaluate("document.body.addEventListener('hint', () => document.body.dataset.hints += '.')")
        await page.clock.install()
        async with page.expect_response("**/fragment"):
            door.hint()

        door.pages["engagement"] = with_news(door.pages["engagement"])
        for seen in range(2, 11):
            door.hint()
            await expect(page.locator("body")).to_have_attribute("data-hints", "undefined" + "." * seen)
        await page.clock.run_for(300)

        await expect(page.locator("#event-e13")).to_be_visible()
        assert len(asked) == 2


async def test_a_lost_line_is_said_and_taken_up_again_with_everything_missed(door: Door, browser: Browser) -> None:
    async with tab(browser) as page:
        await open_live(page, f"{door.address}/engagement")
        door.pages["engagement"] = with_news(door.pages["engagement"])

        door.hang_up()

        await expect(page.locator("#event-e13")).to_be_visible()
        await expect(page.locator("#live-state")).to_have_text("Live")
        assert len(door.lines) == 2


async def test_a_line_that_never_opened_is_tried_again(door: Door, browser: Browser) -> None:
    async with tab(browser, forgiven="503 (Service Unavailable)") as page:
        door.live_status = 503
        await page.clock.install()
        await page.goto(f"{door.address}/engagement")
        await page.clock.run_for(100)
        await expect(page.locator("#live-state")).to_have_text("Reconnecting")

        door.live_status = 200
        await page.clock.run_for(3000)

        await expect(page.locator("#live-state")).to_have_text("Live")


async def test_ages_keep_current_on_the_clock_of_the_hub(door: Door, browser: Browser) -> None:
    async with tab(browser) as page:
        holds = door.pages["holds"]
        door.pages["holds"] = dataclasses.replace(holds, shell=dataclasses.replace(holds.shell, sandbox_clock=""))
        await page.clock.install(time="2031-01-01T00:00:00Z")  # a browser whose clock is wrong
        await page.goto(f"{door.address}/holds")
        age = page.locator("#hold-HLD-7F3K2 time")
        await expect(age).to_have_text("2 h 17 m")

        await page.clock.run_for(60_000)

        await expect(age).to_have_text("2 h 18 m")


async def test_a_fragment_that_fails_leaves_the_page_and_says_so(door: Door, browser: Browser) -> None:
    async with tab(browser, forgiven="500 (Internal Server Error)") as page:
        await open_live(page, f"{door.address}/engagement")
        door.fragment_status = 500

        door.hint()

        await expect(page.locator("#live-state")).to_have_text("Could not refresh")
        await expect(page.locator("h1")).to_have_text("Alpenblick claims analytics")
        door.fragment_status = 200
        door.hint()
        await expect(page.locator("#live-state")).to_have_text("Live")


async def test_the_theme_follows_the_system_until_a_person_chooses(door: Door, browser: Browser) -> None:
    async with tab(browser, color_scheme="dark") as page:
        await page.goto(f"{door.address}/engagements")
        dark = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        await page.get_by_role("button", name="Use the light theme").click()
        light = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        await page.reload()

        assert dark != light
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == light
        await expect(page.get_by_role("button", name="Use the dark theme")).to_be_visible()


async def test_the_correlation_id_is_copied_whole(door: Door, browser: Browser) -> None:
    async with tab(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        await page.goto(f"{door.address}/engagement")
        await page.get_by_role("button", name="Copy the correlation id").click()

        await expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert await page.evaluate("navigator.clipboard.readText()") == "01JD8Q4T7M2VZK3C5R8WQ9H9KX"


async def test_without_javascript_a_page_is_whole_and_a_hold_can_be_answered(door: Door, browser: Browser) -> None:
    async with tab(browser, java_script_enabled=False) as page:
        await page.goto(f"{door.address}/engagement")
        outside = page.locator("button:visible:not(form button)")
        assert await outside.count() == 0
        await page.locator("#event-e10 summary").click()
        await expect(page.locator("#event-e10 .evx")).to_contain_text("POST /api/v1/workspaces")

        await page.get_by_label("Reason kept with the decision").fill("Reverse charge applies")
        await page.get_by_role("button", name="Use DE-RC").click()

        assert door.posted == [
            {
                "csrf_token": "token-for-this-person",
                "reason": "Reverse charge applies",
                "choice": "DE-RC",
                "to": "/holds/HLD-7F3K2/answer",
            }
        ]


async def test_the_keyboard_reaches_everything_and_shows_where_it_is(door: Door, browser: Browser) -> None:
    async with tab(browser) as page:
        await page.goto(f"{door.address}/hold")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()

        reached: set[str] = set()
        for _ in range(60):
            await page.keyboard.press("Tab")
            seen = await page.evaluate(
                "[document.activeElement.textContent.trim(), getComputedStyle(document.activeElement).outlineStyle]"
            )
            if seen[0].startswith(("Answer", "Release", "Norrvik fleet")):
                assert seen[1] == "solid"
                reached.add(seen[0].split()[0])

        assert reached == {"Answer", "Release", "Norrvik"}


async def test_no_page_scrolls_sideways_from_1000_to_1600_pixels(door: Door, browser: Browser) -> None:
    async with tab(browser) as page:
        for width in (1000, 1280, 1440, 1600):
            await page.set_viewport_size({"width": width, "height": 900})
            for name in door.pages:
                await page.goto(f"{door.address}/{name}")
                assert await page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)


async def test_control_and_k_lead_to_the_box_from_anywhere(door: Door, browser: Browser) -> None:
    async with tab(browser) as page:
        await page.goto(f"{door.address}/engagement")
        await page.locator("#event-e10 summary").focus()
        await page.keyboard.press("Control+k")
        await page.keyboard.type("INV-88117")
        await page.keyboard.press("Enter")

        await expect(page.get_by_role("heading", name="Found for “INV-88117”")).to_be_visible()
