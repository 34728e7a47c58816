"""How the queue is cut over HTTP: the same parameters wherever holds are listed, counted or grouped."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import AwareDatetime

from throughline.core.money import Currency
from throughline.store.queue import Wanted

type State = Literal["open", "snoozed", "regressed", "closed"]


def _cut(
    *,
    state: Annotated[
        State, Query(description="Open ones, those put off, those that came back, or closed ones.")
    ] = "open",
    owner: Annotated[str | None, Query(max_length=200, description="Only this owner's.", examples=["PMO"])] = None,
    assignee: Annotated[
        str | None, Query(max_length=200, description='Given to this person, or to "nobody".', examples=["Ann"])
    ] = None,
    system: Annotated[
        str | None, Query(max_length=200, description="Stuck at this system.", examples=["netsuite"])
    ] = None,
    workflow: Annotated[str | None, Query(max_length=200, examples=["opportunity-to-project"])] = None,
    cause: Annotated[str | None, Query(max_length=200, examples=["cause-7f3k2qxm4a"])] = None,
    currency: Annotated[Currency | None, Query(examples=["EUR"])] = None,
    at_least: Annotated[
        Decimal | None,
        Query(
            allow_inf_nan=False, description="At risk, each in its own currency: say `currency` too.", examples=["1000"]
        ),
    ] = None,
    unknown: Annotated[bool, Query(description="Only those whose amount nobody knows.")] = False,
    opened_before: Annotated[AwareDatetime | None, Query(examples=["2026-11-01T00:00:00Z"])] = None,
) -> Wanted:
    before: datetime | None = opened_before
    return Wanted(state, owner, assignee, system, workflow, cause, currency, at_least, unknown, before)


Cut = Annotated[Wanted, Depends(_cut)]
