"""What a system would not be told: kept for whoever is asked what to do, and said as they corrected it."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from throughline.core.errors import Hold
from throughline.store.corrections import Correction
from throughline.store.effects import Effect


@contextmanager
def telling(effect: Effect, whole: dict[str, Any]) -> Generator[None]:
    """Whoever is asked what to do is shown what could not be said, and to whom."""
    try:
        yield
    except Hold as hold:
        told = {name: getattr(effect, name) for name in ("system", "kind", "entity", "operation", "fields")}
        hold.refused_put = {**told, "effect": effect.key, "whole": whole}
        raise


def corrected(said: dict[str, Any], corrections: Sequence[Correction], *, of: str, at: str) -> dict[str, Any]:
    """With what a person wants said to this system, as long as we would say what they found wrong."""
    ours = (each for each in corrections if (each.entity, each.system) == (of, at))
    meant = {each.field: each.value for each in ours if said.get(each.field) == each.instead_of}
    return {**said, **meant} if meant else said
