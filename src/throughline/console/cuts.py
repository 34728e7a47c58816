"""How a page's address, or a form, says which holds are meant."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from starlette.exceptions import HTTPException

from throughline.store.queue import STATES, Wanted

NAMES = ("state", "owner", "assignee", "system", "workflow", "cause", "currency", "at_least", "unknown", "older")
OLDEST_DAYS = 3650


def wanted(said: Mapping[str, str], *, now: datetime) -> Wanted:
    """The cut. `older` counts whole days back from midnight, so that a place in a list is the same all day."""
    state, at_least, older = said.get("state") or "open", said.get("at_least"), said.get("older")
    if state not in STATES or (older and not (older.isascii() and older.isdigit() and int(older) <= OLDEST_DAYS)):
        raise HTTPException(400)
    owner, assignee, system, workflow, cause, currency = (said.get(name) or None for name in NAMES[1:7])
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    return Wanted(
        state,
        owner,
        assignee,
        system,
        workflow,
        cause,
        currency,
        at_least=_amount(at_least) if at_least else None,
        unknown=bool(said.get("unknown")),
        opened_before=midnight - timedelta(days=int(older)) if older else None,
    )


def kept(said: Mapping[str, str]) -> dict[str, str]:
    """What of an address is a cut, to be said again."""
    return {name: said[name] for name in NAMES if said.get(name) and (name, said[name]) != ("state", "open")}


def query(said: Mapping[str, str], **changed: str | None) -> str:
    """The same cut with something changed."""
    told = {name: value for name, value in {**said, **changed}.items() if value}
    return f"?{urlencode(told)}" if told else ""


def options(said: Mapping[str, str], *, now: datetime) -> str:
    """The same cut as options of the command line."""
    before = wanted(said, now=now).opened_before
    told = {**{name: value for name, value in said.items() if name not in {"older", "unknown"}},
            "opened_before": f"{before:%Y-%m-%d}" if before else ""}  # fmt: skip
    words = [f'--{name.replace("_", "-")} "{value}"' for name, value in told.items() if value]
    return " ".join(["", *words, *(["--unknown"] if said.get("unknown") else [])])


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise HTTPException(400) from error
    if not amount.is_finite():
        raise HTTPException(400)
    return amount
