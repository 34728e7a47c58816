"""From a page, a frozen dataclass, to HTML: the template of the same name, whole or only its live region."""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from throughline.console.audit import AuditPage, LeafPage, VerificationPage
from throughline.console.batches import BatchesPage, BatchPage, NewBatchPage
from throughline.console.board import BoardPage
from throughline.console.break_ import BreakPage
from throughline.console.causes import CausePage, CausesPage
from throughline.console.charts import bar, flow, lanes
from throughline.console.engagement import EngagementPage
from throughline.console.engagements import EngagementsPage
from throughline.console.error import ErrorPage
from throughline.console.find import FindPage
from throughline.console.hold import HoldPage
from throughline.console.holds import HoldsPage
from throughline.console.icons import icon
from throughline.console.kpis import KpisPage
from throughline.console.login import LoginPage, SignedInPage
from throughline.console.overview import OverviewPage
from throughline.console.people import KeyMadePage, PeoplePage, PersonPage
from throughline.console.reconciliation import ReconciliationPage
from throughline.console.systems import SystemsPage
from throughline.console.values import ValuesPage

type DeskPage = BatchPage | BatchesPage | CausePage | CausesPage | HoldPage | HoldsPage
type FigurePage = BoardPage | KpisPage | OverviewPage
type LivePage = (
    AuditPage | BreakPage | DeskPage | EngagementPage | EngagementsPage | FigurePage | FindPage | PeoplePage
    | PersonPage | ReconciliationPage | SystemsPage | ValuesPage
)  # fmt: skip
type StillPage = LeafPage | VerificationPage
type Page = LivePage | StillPage | ErrorPage | KeyMadePage | LoginPage | NewBatchPage | SignedInPage

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
        icon=icon, fingerprint=fingerprint, bar=bar.draw, lanes=lanes.draw, legend=lanes.legend, flow=flow.draw
    )
    return environment
