"""From a page, a frozen dataclass, to HTML: the template of the same name, whole or only its live region."""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from throughline.console.break_ import BreakPage
from throughline.console.charts import bar, lanes
from throughline.console.engagement import EngagementPage
from throughline.console.engagements import EngagementsPage
from throughline.console.error import ErrorPage
from throughline.console.hold import HoldPage
from throughline.console.holds import HoldsPage
from throughline.console.icons import icon
from throughline.console.login import LoginPage, SignedInPage
from throughline.console.people import KeyMadePage, PeoplePage, PersonPage
from throughline.console.reconciliation import ReconciliationPage
from throughline.console.systems import SystemsPage

type LivePage = (
    BreakPage
    | EngagementPage
    | EngagementsPage
    | HoldPage
    | HoldsPage
    | PeoplePage
    | PersonPage
    | ReconciliationPage
    | SystemsPage
)
type Page = LivePage | ErrorPage | KeyMadePage | LoginPage | SignedInPage

# What the door must send with every page; the templates and the tests are written for exactly this policy.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none';"
    " base-uri 'none'; object-src 'none'; form-action 'self'"
)

_HERE = Path(__file__).parent


def render(page: Page) -> str:
    """The whole document."""
    return _fill(page, frame="shell.html.j2")


def render_fragment(page: LivePage) -> str:
    """The live region and the navigation, for `page.fragment_url`: the browser morphs them into place."""
    return _fill(page, frame="fragment.html.j2")


def static_folder() -> Path:
    """The files to mount at `Shell.static_url`."""
    return _HERE / "static"


@cache
def fingerprint(path: str) -> str:
    """Twelve hexadecimal digits of the file's hash: a changed file has a new address, so it may be cached for ever."""
    return hashlib.sha256((static_folder() / path).read_bytes()).hexdigest()[:12]


def _fill(page: Page, *, frame: str) -> str:
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(page).__name__).lower()
    return _environment().get_template(f"{name}.html.j2").render(page=page, shell=page.shell, frame=frame)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    # Jinja types its globals as the few it brings itself; here ours join them.
    cast("dict[str, Any]", environment.globals).update(
        icon=icon, fingerprint=fingerprint, bar=bar.draw, lanes=lanes.draw, legend=lanes.legend
    )
    return environment
