"""Money through the flow, to scale: a bar for each stage, a band for what came through, and what left on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from throughline.console.charts.svg import element

WIDTH, HEIGHT, TOP, BAR, BRANCH = 1184.0, 236.0, 4.0, 8.0, 30.0
TALLEST = 158.0
# A stage that has something is seen, however little that is beside the others.
LEAST = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStage:
    """One stage: `system` is a role, `share` how tall it is beside the tallest (0 to 1), `value` its money in words.

    `through` of it reached the next stage and `late` is stuck, both as shares; `late_text` and `rest_text` say what
    left, "" where nothing did.
    """

    label: str
    system: str
    value: str
    share: float
    through: float
    late: float
    late_text: str
    rest_text: str


@dataclass(frozen=True, slots=True)
class Flow:
    """The stages in order. `period` says what is drawn, such as "the last 90 days"."""

    stages: tuple[FlowStage, ...]
    period: str


def draw(flow: Flow) -> Markup:
    step = WIDTH / max(len(flow.stages), 1)
    places = [(n * step, stage) for n, stage in enumerate(flow.stages)]
    return element(
        "svg",
        *(_between(x, stage, after_x, after) for (x, stage), (after_x, after) in pairwise(places)),
        *(_bar(x, stage) for x, stage in places),
        class_="flow-chart", viewBox=f"0 0 {WIDTH:.0f} {HEIGHT:.0f}", role="img", aria_label=sentence(flow),
    )  # fmt: skip


def sentence(flow: Flow) -> str:
    """What the picture says, for those who listen."""
    told = [f"{stage.label} {stage.value}" for stage in flow.stages]
    left = [text for stage in flow.stages for text in (stage.late_text, stage.rest_text) if text]
    return f"Money through the flow in {flow.period}: {', '.join(told)}." + (f" {', '.join(left)}." if left else "")


def _bar(x: float, stage: FlowStage) -> Markup:
    bar = element("rect", class_="flow-bar", x=x, y=TOP, width=BAR, height=_tall(stage.share), rx=2)
    return element("g", bar, class_=stage.system)


def _between(x: float, stage: FlowStage, after_x: float, after: FlowStage) -> Markup:
    """The band keeps to the top; what is late leaves below it, and what is not due yet below that."""
    begins, ends = x + BAR, after_x
    through = _tall(stage.through)
    parts = [_band(begins, ends, through, min(_tall(after.share), through))] if stage.through else []
    low = TOP + through
    for share, text, kind in (
        (stage.late, stage.late_text, "late"),
        (max(0.0, stage.share - stage.through - stage.late), stage.rest_text, "rest"),
    ):
        if share and text:
            parts += _branch(begins, low, _tall(share), text, kind)
            low += _tall(share)
    return element("g", *parts)


def _band(begins: float, ends: float, tall: float, taller: float) -> Markup:
    middle = (begins + ends) / 2
    path = (
        f"M{begins:.1f} {TOP:.1f}H{ends:.1f}V{TOP + taller:.1f}"
        f"C{middle:.1f} {TOP + taller:.1f} {middle:.1f} {TOP + tall:.1f} {begins:.1f} {TOP + tall:.1f}Z"
    )
    return element("path", class_="flow-band", d=path)


def _branch(x: float, y: float, tall: float, text: str, kind: str) -> Sequence[Markup]:
    """It leaves downwards and ends; its words stand behind it."""
    far, drop = x + 118, y + BRANCH
    middle, low, foot = x + 60, drop + tall * 0.6, y + tall
    path = (
        f"M{x:.1f} {y:.1f}C{middle:.1f} {y:.1f} {middle:.1f} {drop:.1f} {far:.1f} {drop:.1f}"
        f"V{low:.1f}C{middle:.1f} {low:.1f} {middle:.1f} {foot:.1f} {x:.1f} {foot:.1f}Z"
    )
    label = element("text", text, class_=f"flow-text {kind}", x=far + 6, y=min(drop + tall * 0.3 + 4, HEIGHT - 4))
    return element("path", class_=f"flow-branch {kind}", d=path), label


def _tall(share: float) -> float:
    return max(LEAST, TALLEST * min(share, 1.0)) if share > 0 else 0.0
