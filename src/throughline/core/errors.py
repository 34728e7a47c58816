"""Errors, named for what happens next.

There are two that content raises. Anything else is a defect: the run stops and says so.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from throughline.core.money import Money


class Retry(Exception):
    """The other side is unwell. The same step is tried again, later.

    `awaits` names what the wire waits for, such as a system's budget: lanes that wait for it are let go in turn.
    """

    def __init__(self, why: str, *, after: timedelta | None = None, awaits: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.after = after
        self.awaits = awaits


class Unknown(Retry):
    """We sent, and cannot tell whether it was done. Only the outlet may decide what follows."""


class Hold(Exception):
    """A person must decide. `why` and `fix` are written for the person at the queue."""

    def __init__(
        self,
        why: str,
        *,
        fix: str,
        owner: str | None = None,
        amount: Money | None = None,
        candidates: tuple[dict[str, str], ...] = (),
    ) -> None:
        super().__init__(why)
        self.why = why
        self.fix = fix
        self.owner = owner
        self.amount = amount
        self.candidates = candidates
        # What a system would not be told, and which: written by the outlet, for whoever is asked what to do.
        self.refused_put: Mapping[str, Any] | None = None
