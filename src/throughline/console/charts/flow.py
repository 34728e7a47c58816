"""Money through the flow, to scale: a bar for each stage, a band for what came through, and what left on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from throughline.console.charts.svg import element

WIDTH, TOP, BAR, BRANCH, REACH, LINE = 1184.0, 4.0, 8.0, 26.0, 100.0, 17.0
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
    between = [_Between(x, stage, after_x, after) for (x, stage), (after_x, after) in pairwise(places)]
    foot = max([TOP + _tall(stage.share) for _, stage in places] + [each.foot for each in between], default=TOP)
    return element(
        "svg",
        *(each.drawn() for each in between),
        *(_bar(x, stage) for x, stage in places),
        class_="flow-chart", viewBox=f"0 0 {WIDTH:.0f} {foot + 10:.0f}", role="img", aria_label=sentence(flow),
    )  # fmt: skip


def sentence(flow: Flow) -> str:
    """What the picture says, for those who listen."""
    told = [f"{stage.label} {stage.value}" for stage in flow.stages]
    left = [text for stage in flow.stages for text in (stage.late_text, stage.rest_text) if text]
    return f"Money through the flow in {flow.period}: {', '.join(told)}." + (f" {', '.join(left)}." if left else "")


def _bar(x: float, stage: FlowStage) -> Markup:
    bar = element("rect", class_="flow-bar", x=x, y=TOP, width=BAR, height=_tall(stage.share), rx=2)
    return element("g", bar, class_=stage.system)


@dataclass(frozen=True, slots=True)
class _Between:
    """From one bar to the next: the band keeps to the top, what is late leaves below it, and then what is not yet."""

    begins: float
    stage: FlowStage
    ends: float
    after: FlowStage

    @property
    def branches(self) -> Sequence[tuple[float, float, str, str]]:
        """Where each leaves, how tall it is, its words and its kind."""
        stage, low = self.stage, TOP + _tall(self.stage.through)
        rest = max(0.0, stage.share - stage.through - stage.late)
        found: list[tuple[float, float, str, str]] = []
        for share, text, kind in ((stage.late, stage.late_text, "late"), (rest, stage.rest_text, "rest")):
            if share and text:
                found.append((low, _tall(share), text, kind))
                # Two that are thin leave one below the other, so that their words do not meet.
                low += max(_tall(share), LINE)
        return found

    @property
    def foot(self) -> float:
        return max((low + tall + BRANCH for low, tall, _, _ in self.branches), default=TOP)

    def drawn(self) -> Markup:
        x, through = self.begins + BAR, _tall(self.stage.through)
        band = [_band(x, self.ends, through, min(_tall(self.after.share), through))] if through else []
        branches = (piece for low, tall, text, kind in self.branches for piece in _branch(x, low, tall, text, kind))
        return element("g", *band, *branches)


def _band(begins: float, ends: float, tall: float, taller: float) -> Markup:
    middle = (begins + ends) / 2
    path = (
        f"M{begins:.1f} {TOP:.1f}H{ends:.1f}V{TOP + taller:.1f}"
        f"C{middle:.1f} {TOP + taller:.1f} {middle:.1f} {TOP + tall:.1f} {begins:.1f} {TOP + tall:.1f}Z"
    )
    return element("path", class_="flow-band", d=path)


def _branch(x: float, y: float, tall: float, text: str, kind: str) -> Sequence[Markup]:
    """It leaves downwards and ends; its words stand behind it."""
    far, drop = x + REACH, y + BRANCH
    middle, low, foot = x + REACH / 2, drop + tall * 0.6, y + tall
    path = (
        f"M{x:.1f} {y:.1f}C{middle:.1f} {y:.1f} {middle:.1f} {drop:.1f} {far:.1f} {drop:.1f}"
        f"V{low:.1f}C{middle:.1f} {low:.1f} {middle:.1f} {foot:.1f} {x:.1f} {foot:.1f}Z"
    )
    label = element("text", text, class_=f"flow-text {kind}", x=far + 6, y=drop + tall * 0.3 + 4)
    return element("path", class_=f"flow-branch {kind}", d=path), label


def _tall(share: float) -> float:
    return max(LEAST, TALLEST * min(share, 1.0)) if share > 0 else 0.0
