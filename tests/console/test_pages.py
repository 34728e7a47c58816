"""Every page, parsed: whole, labelled, escaped, and drawn under a policy without anything inline."""

import dataclasses
from collections import Counter
from enum import Enum
from html.parser import HTMLParser
from typing import Any, override

import pytest
from jinja2 import UndefinedError

from throughline.console import rendering
from throughline.console.engagement import EngagementPage
from throughline.console.engagements import EngagementsPage
from throughline.console.error import ErrorPage
from throughline.console.hold import HoldPage
from throughline.console.holds import HoldsPage
from throughline.console.rendering import Page, render, render_fragment
from throughline.console.states import StageKey, State, SystemState
from throughline.console.systems import SystemsPage

EVERY = (
    "engagement", "engagements", "find", "values", "hold", "holds", "causes", "cause", "batches", "batch",
    "reconciliation", "break", "systems", "overview", "kpis", "board", "audit", "people", "person", "key_made",
    "new_batch", "error", "leaf", "verification",
)  # fmt: skip
LIVE = EVERY[:-5]
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
HOSTILE = """</title></script>"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}&amp;"""


@dataclasses.dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    within: tuple["Element", ...]
    words: str = ""


class Tree(HTMLParser):
    """The elements of a document in order; an end tag that closes nothing, or the wrong thing, is refused."""

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(document)
        self.close()
        assert not self._open, f"never closed: {self._open[-1].tag}"

    def all(self, *tags: str) -> list[Element]:
        """The box of the frame is on every page; it has a test of its own."""
        return [e for e in self.elements if e.tag in tags and e.attributes.get("role") != "search"]

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert max(Counter(name for name, _ in attrs).values(), default=0) < 2, f"an attribute twice in <{tag}>"
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}, tuple(self._open)))

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop().tag == tag, f"</{tag}> closes the wrong element"

    @override
    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.words += data


@pytest.fixture(params=EVERY)
def page(request: pytest.FixtureRequest, pages: dict[str, Page]) -> Page:
    return pages[request.param]


@pytest.fixture
def tree(page: Page) -> Tree:
    return Tree(render(page))


def test_a_page_is_well_formed_and_says_what_it_is(page: Page, tree: Tree) -> None:
    assert tree.all("html")[0].attributes["lang"] == "en"
    assert tree.all("title")[0].words == f"{page.shell.title} · Throughline"
    assert len(tree.all("h1")) == 1
    assert len(tree.all("main")) == 1


def test_nothing_is_inline(tree: Tree) -> None:
    assert not [e for e in tree.elements if "style" in e.attributes]
    assert not [e for e in tree.elements if any(name.startswith(("on", "hx-on")) for name in e.attributes)]
    assert not tree.all("style")
    assert all(e.attributes.get("src") and not e.words for e in tree.all("script"))


def test_htmx_is_told_to_inject_no_style_and_to_swap_no_error(tree: Tree) -> None:
    (config,) = [e.attributes["content"] for e in tree.all("meta") if e.attributes.get("name") == "htmx-config"]

    assert '"includeIndicatorCSS":false' in config
    assert '"4xx","5xx"' in config


def test_every_control_has_a_name(tree: Tree) -> None:
    labelled = {e.attributes["for"] for e in tree.all("label")}
    for control in tree.all("input", "textarea", "select"):
        assert control.attributes.get("type") == "hidden" or control.attributes["id"] in labelled
    for control in tree.all("button", "a", "summary"):
        assert control.words.strip() or control.attributes.get("aria-label"), control


def test_the_box_that_finds_anything_is_on_every_page_and_needs_no_script(page: Page) -> None:
    forms = [e for e in Tree(render(page)).elements if e.attributes.get("role") == "search"]

    assert [(e.attributes["action"], e.attributes.get("method", "get")) for e in forms[:1]] == [("/find", "get")]
    assert all(e.attributes.get("method", "get") == "get" for e in forms), "what is not a search needs a token"


def test_no_button_is_dead(tree: Tree) -> None:
    """A button submits a form; or it is shown only when our module, which gives it its purpose, runs."""
    for button in tree.all("button"):
        in_a_form = any(e.tag == "form" for e in button.within) and button.attributes["type"] == "submit"
        ours = "data-copy" in button.attributes or button.attributes.get("id") == "theme"
        assert in_a_form or (ours and "js-only" in button.attributes["class"].split()), button


def test_every_form_posts_with_the_token_and_says_what_it_does(page: Page, tree: Tree) -> None:
    for form in tree.all("form"):
        inside = [e for e in tree.elements if form in e.within]
        tokens = [e.attributes["value"] for e in inside if e.attributes.get("name") == "csrf_token"]
        assert form.attributes["method"] == "post"
        assert tokens == [page.shell.csrf_token]
        assert len(form.words.split()) > 5


def test_ids_are_unique_and_every_reference_finds_its_own(tree: Tree) -> None:
    ids = [e.attributes["id"] for e in tree.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    for element in tree.elements:
        for name in ("for", "aria-labelledby", "aria-describedby"):
            assert set(element.attributes.get(name, "").split()) <= set(ids)
        if element.attributes.get("href", "").startswith("#"):
            assert element.attributes["href"][1:] in ids


def test_a_page_links_only_to_what_its_values_name(page: Page, tree: Tree) -> None:
    named = set(strings(page))
    links = {e.attributes["href"] for e in tree.all("a")} - {"#main", "#holds", ""}
    assert links <= named
    assert {e.attributes["action"] for e in tree.all("form")} <= named


def test_hostile_text_stays_text(page: Page) -> None:
    harmless = Tree(render(prefixed(page, "x" * len(HOSTILE))))
    hostile = Tree(render(prefixed(page, HOSTILE)))

    assert [e.tag for e in hostile.elements] == [e.tag for e in harmless.elements]
    assert [list(e.attributes) for e in hostile.elements] == [list(e.attributes) for e in harmless.elements]
    assert HOSTILE in hostile.all("main")[0].words


@pytest.mark.parametrize("name", LIVE)
def test_the_fragment_is_the_region_of_the_page_and_the_frame_around_it(name: str, pages: dict[str, Any]) -> None:
    fragment = render_fragment(pages[name])
    region, *partials = fragment.split("<hx-partial ")

    assert region.startswith('<div id="region"')
    assert region in render(pages[name])
    assert f'hx-get="{pages[name].fragment_url}"' in region
    assert [p.split('"')[1] for p in partials] == ["#navigation", "#estate"]
    assert fragment == fragment.strip()


def test_a_page_that_does_not_live_loads_no_live_line(error_page: ErrorPage, holds_page: HoldsPage) -> None:
    assert "htmx.min.js" not in render(error_page)
    assert 'id="live"' not in render(error_page)
    assert "htmx.min.js" in render(holds_page)


def test_a_template_that_asks_for_what_is_not_there_fails() -> None:
    template = rendering._environment().from_string("{{ page.missing }}")  # pyright: ignore[reportPrivateUsage]  nothing else shows it

    with pytest.raises(UndefinedError):
        template.render(page=object())


def test_every_state_has_a_word_an_icon_and_a_tone() -> None:
    for state in (*State, *SystemState):
        assert state.word
        assert state.tone
        assert "<svg" in rendering.icon(state.icon)
    assert all(stage.label and "<svg" in rendering.icon(stage.icon) for stage in StageKey)


def test_an_open_hold_can_be_answered_and_released(hold_page: HoldPage) -> None:
    tree = Tree(render(hold_page))

    assert [f.attributes["action"] for f in tree.all("form")] == [
        hold_page.hold.answer_url,
        hold_page.hold.release_url,
    ]
    radios = [e.attributes for e in tree.all("input") if e.attributes.get("type") == "radio"]
    assert [r["value"] for r in radios] == ["same", "other"]
    assert hold_page.hold.cli in tree.all("main")[0].words


def test_an_open_hold_s_run_can_be_cancelled_and_the_page_says_what_that_does(hold_page: HoldPage) -> None:
    effect = "Ends the run for good."
    hold = dataclasses.replace(hold_page.hold, cancel_url="/runs/run-1/cancel", cancel_effect=effect)

    tree = Tree(render(dataclasses.replace(hold_page, hold=hold)))

    assert tree.all("form")[-1].attributes["action"] == "/runs/run-1/cancel"
    assert effect in tree.all("main")[0].words


def test_a_closed_hold_offers_nothing_and_says_who_closed_it(hold_page: HoldPage) -> None:
    closed = dataclasses.replace(hold_page.hold, resolution="Released by finance operations at 14:40.")

    tree = Tree(render(dataclasses.replace(hold_page, hold=closed)))

    assert not tree.all("form")
    words = tree.all("main")[0].words
    assert "Released by finance operations at 14:40." in words
    assert "What to do" not in words


def test_who_may_not_act_is_offered_no_form(engagement_page: EngagementPage) -> None:
    (hold,) = engagement_page.holds
    seen = dataclasses.replace(hold, answer_url="", release_url="")

    tree = Tree(render(dataclasses.replace(engagement_page, holds=(seen,))))

    assert not tree.all("form")
    assert hold.why in tree.all("main")[0].words


def test_an_engagement_without_holds_says_so(engagement_page: EngagementPage) -> None:
    tree = Tree(render(dataclasses.replace(engagement_page, holds=())))

    assert "No open hold" in tree.all("main")[0].words
    assert not [e for e in tree.elements if e.attributes.get("id") == "holds"]


def test_an_engagement_that_has_only_begun_is_whole(engagement_page: EngagementPage) -> None:
    chart = dataclasses.replace(engagement_page.chart, points=())
    bare = dataclasses.replace(engagement_page, chart=chart, log=(), ids=(), holds=(), clocks=(), older_url="")

    words = Tree(render(bare)).all("main")[0].words

    assert "Nothing has happened yet." in words
    assert "No system has answered with an id yet." in words


def test_fields_that_differ_are_marked_in_words(hold_page: HoldPage) -> None:
    rows = [r for r in Tree(render(hold_page)).all("tr") if r.words]

    assert [r.words.count("Differs") for r in rows] == [0, 1, 0, 1, 0, 0, 0, 0, 1]
    assert rows[4].words.count("Absent") == 2


def test_an_empty_list_teaches(
    holds_page: HoldsPage, engagements_page: EngagementsPage, systems_page: SystemsPage
) -> None:
    for full in (holds_page, engagements_page, systems_page):
        words = Tree(render(dataclasses.replace(full, rows=()))).all("main")[0].words
        assert full.empty.title in words
        assert full.empty.command in words


def test_an_age_carries_its_moment_and_a_driven_clock_is_left_alone(holds_page: HoldsPage) -> None:
    tree = Tree(render(holds_page))

    ages = [e for e in tree.all("time") if "data-age" in e.attributes]
    assert (ages[0].attributes["datetime"], ages[0].words) == ("2026-11-20T12:14:27+00:00", "2 h 18 m")
    assert tree.all("body")[0].attributes["data-time"] == "driven"


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [s for item in value for s in strings(item)]
    if dataclasses.is_dataclass(value):
        return [s for field in dataclasses.fields(value) for s in strings(getattr(value, field.name))]
    return []


def prefixed(value: Any, text: str) -> Any:
    """The same value with `text` before every string that is not empty and not one of a closed list."""
    if isinstance(value, Enum) or value == "":
        return value
    if isinstance(value, str):
        return text + value
    if isinstance(value, tuple):
        return tuple(prefixed(item, text) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: prefixed(getattr(value, f.name), text) for f in dataclasses.fields(value)}
        # An icon is one of a closed list too, though it is written as text.
        return dataclasses.replace(value, **{k: v for k, v in changed.items() if k != "icon"})
    return value
