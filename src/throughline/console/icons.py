"""Icons as inline SVG: the Lucide subset in `static/vendor/lucide`, never fetched by the browser."""

import json
from functools import cache
from pathlib import Path

from markupsafe import Markup

_SUBSET = Path(__file__).parent / "static/vendor/lucide/1.62.0/lucide-subset.json"


@cache
def icon(name: str, size: str = "") -> Markup:
    """The icon, hidden from screen readers: a word stands beside it. `size` is "" (15 px), "s" (13) or "l" (17)."""
    return Markup(
        '<svg class="i {}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round"'
        ' stroke-linejoin="round" aria-hidden="true">{}</svg>'
    ).format(size, Markup(_paths()[name]))  # noqa: S704  the vendored file is hash-checked, not input


@cache
def _paths() -> dict[str, str]:
    return json.loads(_SUBSET.read_text(encoding="utf-8"))
