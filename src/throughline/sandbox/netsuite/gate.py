"""The account's one pool of concurrent requests, and what else the control interface may set."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from throughline.sandbox.netsuite.problems import too_many
from throughline.sandbox.shelf import Shelf

_KEPT = "netsuite_limits"


@dataclass(frozen=True, slots=True)
class Limits:
    """`latency` and `job_seconds` are real seconds. The two codes are configurable: no document confirms them."""

    concurrency: int = 5
    latency: float = 0.0
    job_seconds: float = 0.0
    concurrency_code: str = "CONCURRENCY_LIMIT_EXCEEDED"
    duplicate_code: str = "DUP_ENTITY"


class Gate:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.inside = 0

    @property
    def limits(self) -> Limits:
        kept = self._shelf.get("_sandbox", _KEPT)
        return Limits(**kept) if kept else Limits()

    def set(self, wanted: dict[str, Any]) -> Limits:
        if unknown := set(wanted) - set(Limits.__dataclass_fields__):
            raise ValueError(f"there is no {', '.join(sorted(unknown))}; there is {', '.join(asdict(Limits()))}")
        limits = replace(self.limits, **wanted)
        put = self._shelf.update if self._shelf.get("_sandbox", _KEPT) else self._shelf.create
        put("_sandbox", _KEPT, asdict(limits))
        return limits

    @contextmanager
    def enter(self) -> Generator[None]:
        """Hold one place in the pool, or be refused: NetSuite does not queue."""
        if self.inside >= self.limits.concurrency:
            raise too_many(self.limits.concurrency_code)
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
