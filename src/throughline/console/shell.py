"""What surrounds every page: navigation, where we are, which estate this is, and the live line."""

from collections.abc import Iterator
from dataclasses import dataclass

from throughline.console.pieces import Moment
from throughline.console.states import Tone


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the path to this page; the last has no `href`: it is the page itself."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NavItem:
    """One section: `key` is compared with `Shell.section`, `count` is text ("" for none), `urgent` marks it."""

    key: str
    label: str
    href: str
    icon: str
    count: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """The frame of a page.

    `section` is the `NavItem.key` this page belongs to ("" for none). `environment` is its name ("Sandbox",
    "Production"), `environment_detail` says where ("local"), `environment_tone` its colour (wait for a sandbox, acc
    for production). `live_url` is the SSE stream that sends `event: hint` when this page has changed ("" when the page
    does not live). `now` is the hub's time when the page was drawn. `sandbox_clock` is what the driven clock says, ""
    when time is real; while it is set, the browser does not touch ages. `person` is who is signed in, "" for nobody;
    `sign_out_url` takes POST `csrf_token`. `cli` says the same as the page, from a terminal ("" where the page says it
    itself).
    `csrf_token` goes into every form. `static_url` is where `static_folder()` is mounted, without a final slash.
    """

    title: str
    section: str
    crumbs: tuple[Crumb, ...]
    nav: tuple[NavItem, ...]
    environment: str
    environment_detail: str
    environment_tone: Tone
    live_url: str
    now: Moment
    csrf_token: str
    sandbox_clock: str = ""
    person: str = ""
    sign_out_url: str = ""
    static_url: str = "/static"
    cli: str = ""


def navigation(
    *,
    engagements: str = "",
    holds: str = "",
    breaks: str = "",
    systems: str | None = "",
    audit: bool = False,
    people: bool = False,
    prefix: str = "",
) -> tuple[NavItem, ...]:
    """The sections that exist, with their counts as text; what waits for a person is marked.

    `systems` is None for who may not see them; `audit` and `people` are whether who looks may read the audit
    log, and say who comes in. `prefix` is where the console is.
    """
    return (
        NavItem(key="overview", label="Quote to cash", href=f"{prefix}/overview", icon="wand-sparkles"),
        NavItem(
            key="engagements",
            label="Engagements",
            href=f"{prefix}/engagements",
            icon="briefcase-business",
            count=engagements,
        ),
        NavItem(
            key="holds",
            label="Holds",
            href=f"{prefix}/holds",
            icon="triangle-alert",
            count=holds,
            urgent=holds not in {"", "0"},
        ),
        NavItem(
            key="reconciliation",
            label="Reconciliation",
            href=f"{prefix}/reconciliation",
            icon="file-check-2",
            count=breaks,
            urgent=breaks not in {"", "0"},
        ),
        NavItem(key="boards", label="Boards", href=f"{prefix}/boards/start-readiness", icon="folder-kanban"),
        NavItem(key="kpis", label="Key figures", href=f"{prefix}/kpis", icon="timer"),
        *_for_some(systems, prefix, audit=audit, people=people),
    )


def _for_some(systems: str | None, prefix: str, *, audit: bool, people: bool) -> Iterator[NavItem]:
    if systems is not None:
        yield NavItem(key="systems", label="Systems", href=f"{prefix}/systems", icon="plug", count=systems)
    if audit:
        yield NavItem(key="audit", label="Audit trail", href=f"{prefix}/audit", icon="shield-check")
    if people:
        yield NavItem(key="people", label="People", href=f"{prefix}/people", icon="user")
