"""Money through the flow, to scale: what is drawn is as tall as what it is worth."""

import re
from typing import Any

from throughline.console.charts.flow import TALLEST, Flow, FlowStage, draw, sentence


def stage(label: str, **said: Any) -> FlowStage:
    nothing: dict[str, Any] = {"system": "crm", "value": "EUR 1", "through": 0.0, "late": 0.0, "late_text": "",
                               "rest_text": ""}  # fmt: skip
    return FlowStage(label=label, **(nothing | said))


def heights(drawn: str) -> list[float]:
    return [float(found) for found in re.findall(r'class="flow-bar"[^>]*height="([\d.]+)"', drawn)]


def labels(drawn: str) -> list[tuple[str, float]]:
    found = re.findall(r'<text class="flow-text [a-z]+" x="[\d.]+" y="([\d.]+)">([^<]+)</text>', drawn)
    return [(text, float(y)) for y, text in found]


HALF = Flow(
    (
        stage("Won", share=1.0, through=0.5, late=0.01, late_text="EUR 10 late", rest_text="EUR 490 not yet"),
        stage("Paid", share=0.5),
    ),
    "the last 90 days",
)


def test_a_bar_is_as_tall_as_its_money() -> None:
    assert heights(draw(HALF)) == [TALLEST, TALLEST / 2]


def test_what_is_there_is_seen_however_little() -> None:
    drawn = draw(Flow((stage("Won", share=1.0), stage("Paid", share=0.0001)), "today"))

    assert 0 < heights(drawn)[1] < 3


def test_nothing_is_drawn_of_nothing() -> None:
    assert heights(draw(Flow((stage("Won", share=0.0),), "today"))) == [0.0]


def test_the_words_of_what_left_do_not_meet() -> None:
    (late, late_y), (rest, rest_y) = labels(draw(HALF))

    assert (late, rest) == ("EUR 10 late", "EUR 490 not yet")
    assert rest_y - late_y >= 14


def test_the_picture_is_told_to_those_who_listen() -> None:
    said = sentence(HALF)

    assert "Won EUR 1, Paid EUR 1" in said
    assert "EUR 10 late" in said
    assert f'aria-label="{said}"' in draw(HALF)


def test_hostile_words_stay_words() -> None:
    drawn = draw(Flow((stage("<script>", share=1.0, late=0.5, late_text="<b>", value="&"), stage("b", share=0.1)), "x"))

    assert "<script>" not in drawn
    assert "<b>" not in drawn
