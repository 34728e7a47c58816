"""The mark of each state: five shapes, so that the state is seen without the colour."""

from markupsafe import Markup

from throughline.console.charts.svg import element
from throughline.console.states import State


def draw(state: State, x: float, y: float) -> Markup:
    """Done: a full disc. Running: a disc in a ring. Held: a diamond. Waiting: a broken ring. Failed: a crossed disc."""
    match state:
        case State.DONE:
            shapes = [element("circle", class_="mark-full", cx=x, cy=y, r=5.2)]
        case State.RUNNING:
            shapes = [
                element("circle", class_="mark-ring", cx=x, cy=y, r=5.6),
                element("circle", class_="mark-full bare", cx=x, cy=y, r=2.6),
            ]
        case State.HELD:
            shapes = [
                element("circle", class_="mark-halo", cx=x, cy=y, r=11),
                element("path", class_="mark-full", d=f"M{x:.1f} {y - 7:.1f}l7 7l-7 7l-7 -7Z"),
            ]
        case State.WAITING:
            shapes = [element("circle", class_="mark-ring broken", cx=x, cy=y, r=5.2)]
        case State.FAILED:
            shapes = [
                element("circle", class_="mark-halo", cx=x, cy=y, r=11),
                element("circle", class_="mark-full", cx=x, cy=y, r=6.4),
                element("path", class_="mark-cross", d=f"M{x - 2.3:.1f} {y - 2.3:.1f}l4.6 4.6m0 -4.6l-4.6 4.6"),
            ]
    return element("g", *shapes)


def alone(state: State) -> Markup:
    """The mark in a legend."""
    return element(
        "svg",
        element("g", draw(state, 11, 11), class_=f"point {state.value}"),
        class_="mark",
        viewBox="0 0 22 22",
        width=16,
        height=16,
        aria_hidden="true",
    )
