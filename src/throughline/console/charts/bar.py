"""A thin bar filled to a percentage: an SVG, because the policy allows no inline style."""

from markupsafe import Markup

from throughline.console.charts.svg import element


def draw(percent: int, tone: str = "") -> Markup:
    """Decoration beside the figure in words, so hidden from screen readers. Outside 0 to 100 it is cut."""
    filled = max(0, min(100, percent))
    return element(
        "svg",
        element("rect", class_="bar-all", width=100, height=5),
        element("rect", class_="bar-used", width=filled, height=5),
        class_=f"bar {tone}",
        viewBox="0 0 100 5",
        preserveAspectRatio="none",
        aria_hidden="true",
    )
