"""The swimlane chart: which event in which system caused which, in causal order, with the elapsed time above."""

from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from throughline.console.charts import marks
from throughline.console.charts.labels import Placement, place
from throughline.console.charts.svg import element
from throughline.console.states import State

LANE_HEIGHT, TOP, LEFT, RIGHT, BOTTOM = 46, 32, 96, 30, 12
NARROWEST, NARROWEST_COLUMN = 1184, 56


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One row: `system` is a role (crm, hub, erp, psa, chat), `name` the text in its chip."""

    system: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One event: `label` at most three words, `at` its time as text, `elapsed` since the point before ("8 s").

    `causes` are keys of earlier points; one that is not in the chart is left out, because the chart may begin later.
    `beside` draws it in the column of the point before: the same moment elsewhere.
    """

    key: str
    system: str
    label: str
    at: str
    state: State
    elapsed: str = ""
    causes: tuple[str, ...] = ()
    beside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """`points` are in causal order; each names a system of `lanes`. `started` is the first one's date ("12 Sep")."""

    lanes: tuple[Lane, ...]
    points: tuple[Point, ...]
    started: str


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where each point stands."""

    width: float
    height: float
    step: float
    column: dict[str, int]
    y: dict[str, float]

    def x(self, point: Point) -> float:
        return LEFT + self.step * (self.column[point.key] + 0.5)


def draw(chart: Lanes) -> Markup:
    """The chart as one SVG; wider than the page only when there are many events, and then it scrolls."""
    grid = _grid(chart)
    placed = place([(p.system, grid.x(p), p.label) for p in chart.points])
    by_key = {p.key: p for p in chart.points}
    return element(
        "svg",
        *(_lane(lane, row, grid) for row, lane in enumerate(chart.lanes)),
        *_ruler(chart, grid),
        *(_curve(by_key[cause], p, chart, grid) for p in chart.points for cause in p.causes if cause in by_key),
        *(_point(p, placement, grid) for p, placement in zip(chart.points, placed, strict=True)),
        class_="lanes-chart wide" if grid.width > NARROWEST else "lanes-chart",
        viewBox=f"0 0 {grid.width:.0f} {grid.height:.0f}",
        width=grid.width,
        height=grid.height,
        role="img",
        aria_label=sentence(chart),
    )


def sentence(chart: Lanes) -> str:
    """What the picture says, for those who listen; the event log below holds every fact of it."""
    if not chart.points:
        return "Nothing has happened yet."
    open_states = [p for p in chart.points if p.state is not State.DONE]
    unfinished = "".join(f" {p.label}: {p.state.value}." for p in open_states)
    systems = len({p.system for p in chart.points})
    return (
        f"{len(chart.points)} events in {systems} systems, from {chart.points[0].label} to {chart.points[-1].label}."
        f"{unfinished} The event log lists them."
    )


def legend(chart: Lanes) -> tuple[tuple[Markup, str], ...]:
    """The marks in use, each with its word."""
    used = {p.state for p in chart.points}
    return tuple((marks.alone(state), state.word) for state in State if state in used)


def _grid(chart: Lanes) -> _Grid:
    columns: dict[str, int] = {}
    last = -1
    for point in chart.points:
        last = last if point.beside and columns else last + 1
        columns[point.key] = last
    step = max((NARROWEST - LEFT - RIGHT) / max(last + 1, 1), NARROWEST_COLUMN)
    return _Grid(
        width=LEFT + RIGHT + step * max(last + 1, 1),
        height=TOP + LANE_HEIGHT * len(chart.lanes) + BOTTOM,
        step=step,
        column=columns,
        y={lane.system: TOP + LANE_HEIGHT * (row + 0.5) for row, lane in enumerate(chart.lanes)},
    )


def _lane(lane: Lane, row: int, grid: _Grid) -> Markup:
    y = grid.y[lane.system]
    band = element("rect", class_="lane-band", x=0, y=y - LANE_HEIGHT / 2, width=grid.width, height=LANE_HEIGHT)
    return element(
        "g",
        *([band] if row % 2 == 0 else []),
        element("rect", class_="lane-chip", x=14.5, y=y - 8.5, width=36, height=17, rx=3.5),
        element("text", lane.name, class_="lane-name", x=32.5, y=y + 3.5, text_anchor="middle"),
        element("line", class_="lane-line", x1=LEFT - 30, x2=grid.width - 16, y1=y, y2=y),
        class_=f"lane {lane.system}",
    )


def _ruler(chart: Lanes, grid: _Grid) -> list[Markup]:
    """A tick between two columns carries the time from one to the next; the first carries the date."""
    firsts = [p for p in chart.points if not p.beside]
    ticks = [(grid.x(p) - grid.step / 2, p.elapsed) for _, p in pairwise(firsts) if p.elapsed]
    if firsts:
        ticks.insert(0, (max(grid.x(firsts[0]) - grid.step / 2, LEFT - 14), chart.started))
    return [
        element(
            "g",
            element("line", class_="tick", x1=x, x2=x, y1=24, y2=grid.height - BOTTOM),
            element("text", text, class_="when", x=x, y=16, text_anchor="middle"),
        )
        for x, text in ticks
    ]


def _curve(cause: Point, effect: Point, chart: Lanes, grid: _Grid) -> Markup:
    x1, y1, x2, y2 = grid.x(cause), grid.y[cause.system], grid.x(effect), grid.y[effect.system]
    middle = (x1 + x2) / 2
    between = any(p.system == effect.system and x1 < grid.x(p) < x2 for p in chart.points)
    # Along one lane and past another point, the line bows so that it does not seem to pass through it.
    bow = 26 if cause.system == effect.system and between else 0
    path = f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1 + bow:.1f} {middle:.1f} {y2 + bow:.1f} {x2:.1f} {y2:.1f}"
    return element("path", class_=f"cause {effect.state.value}", d=path)


def _point(point: Point, placement: Placement, grid: _Grid) -> Markup:
    x, y = grid.x(point), grid.y[point.system]
    label = element("text", point.label, class_="point-label", x=x, y=y + placement.value, text_anchor="middle")
    return element(
        "g",
        element("title", f"{point.label}, {point.at}, {point.state.word.lower()}"),
        marks.draw(point.state, x, y),
        *([] if placement is Placement.NOWHERE else [label]),
        class_=f"point {point.state.value}",
    )
