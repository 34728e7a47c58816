"""The swimlane chart: order, elapsed time, causes, marks, and words for those who listen."""

import re
import xml.etree.ElementTree as ET

import pytest

from throughline.console.charts import bar
from throughline.console.charts.labels import Placement, place
from throughline.console.charts.lanes import Lane, Lanes, Point, draw, legend, sentence
from throughline.console.states import State


def chart(*points: Point) -> Lanes:
    return Lanes(
        lanes=(Lane(system="crm", name="CRM"), Lane(system="erp", name="ERP")), points=points, started="20 Nov"
    )


def point(key: str, system: str = "crm", **more: object) -> Point:
    values: dict[str, object] = {"label": key, "at": "09:14", "state": State.DONE, **more}
    return Point(key=key, system=system, **values)  # pyright: ignore[reportArgumentType]  a shorthand of this test


def drawn(of: Lanes) -> ET.Element:
    return ET.fromstring(draw(of))  # noqa: S314  our own SVG, parsed to see that it is well formed


def xs(svg: ET.Element) -> list[float]:
    return [float(label.get("x", "")) for label in svg.iter("text") if label.get("class") == "point-label"]


def test_points_stand_in_causal_order_and_those_beside_share_a_column() -> None:
    svg = drawn(chart(point("a"), point("b", "erp"), point("c", "crm", beside=True), point("d", "erp")))

    a, b, c, d = xs(svg)
    assert a < b == c < d


def test_the_ruler_carries_the_date_and_the_elapsed_time() -> None:
    svg = drawn(chart(point("a"), point("b", elapsed="8 s"), point("c", elapsed="2 d")))

    assert [t.text for t in svg.iter("text") if t.get("class") == "when"] == ["20 Nov", "8 s", "2 d"]


def test_a_curve_joins_each_cause_with_its_effect_in_the_state_of_the_effect() -> None:
    svg = drawn(chart(point("a"), point("b", "erp", causes=("a",)), point("c", causes=("b", "gone"), state=State.HELD)))

    curves = [p.get("class") for p in svg.iter("path") if (p.get("class") or "").startswith("cause")]
    assert curves == ["cause done", "cause held"]


def test_a_curve_along_a_lane_bows_around_the_points_between() -> None:
    straight = draw(chart(point("a"), point("b", causes=("a",))))
    bowed = draw(chart(point("a"), point("b"), point("c", causes=("a",))))

    def heights(svg: str) -> set[str]:
        (path,) = re.findall(r'class="cause done" d="M[\d.]+ ([\d.]+)C[\d.]+ ([\d.]+)', svg)
        return set(path)

    assert len(heights(straight)) == 1
    assert len(heights(bowed)) == 2


@pytest.mark.parametrize("state", list(State))
def test_each_state_has_a_shape_of_its_own(state: State) -> None:
    others = [shape(other) for other in State if other is not state]

    assert shape(state) not in others


def shape(state: State) -> list[tuple[str, str | None]]:
    (group,) = [g for g in drawn(chart(point("a", state=state))).iter("g") if g.get("class") == f"point {state.value}"]
    return [(e.tag, e.get("class")) for e in group.iter() if e.tag in {"circle", "path"}]


def test_a_long_chart_grows_and_scrolls_instead_of_shrinking() -> None:
    few, many = (drawn(chart(*(point(f"p{i}") for i in range(n)))) for n in (4, 40))

    assert few.get("width") == "1184"
    assert float(many.get("width", "")) == 96 + 30 + 40 * 56
    assert "wide" in (many.get("class") or "")


def test_the_sentence_names_what_is_not_done() -> None:
    words = sentence(chart(point("Closed-won"), point("Contract", "erp", state=State.HELD)))

    assert words.startswith("2 events in 2 systems, from Closed-won to Contract. Contract: held.")
    assert drawn(chart(point("a"))).get("aria-label") == sentence(chart(point("a")))
    assert sentence(chart()) == "Nothing has happened yet."


def test_the_legend_lists_only_the_states_in_use() -> None:
    words = [word for _, word in legend(chart(point("a"), point("b", state=State.WAITING)))]

    assert words == ["Done", "Waiting"]


def test_a_label_is_text_whatever_it_says() -> None:
    svg = drawn(chart(point("<b>&\"'")))

    assert [t.text for t in svg.iter("text") if t.get("class") == "point-label"] == ["<b>&\"'"]


def test_labels_that_would_overlap_move_below_and_then_give_way() -> None:
    assert place([("crm", 100, "twelve chars"), ("crm", 110, "twelve chars"), ("crm", 120, "twelve chars")]) == [
        Placement.ABOVE,
        Placement.BELOW,
        Placement.NOWHERE,
    ]
    assert place([("crm", 100, "twelve chars"), ("erp", 110, "twelve chars")]) == [Placement.ABOVE, Placement.ABOVE]


@pytest.mark.parametrize(("percent", "filled"), [(-3, "0"), (42, "42"), (180, "100")])
def test_a_bar_is_cut_to_its_place(percent: int, filled: str) -> None:
    assert f'class="bar-used" width="{filled}"' in bar.draw(percent, "warn")
