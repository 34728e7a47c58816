"""Bad days on demand: what can go wrong between a client and a vendor, and how often it shall."""

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

type Kind = Literal[
    "throttle",  # refused, in the vendor's own dialect
    "error",  # a 5xx before anything happened
    "error_after",  # a 5xx although the effect happened
    "reset_before",  # the connection drops before anything happened
    "reset_after",  # the connection drops after the effect
    "hang_before",  # no answer, no effect
    "hang_after",  # no answer, but the effect happened
    "late",  # no answer; the effect happens `seconds` later
    "drip",  # the answer arrives a byte at a time over `seconds`
    "garbage",  # the answer is cut in the middle
    "lock",  # the record is locked, in the vendor's own dialect
    "maintenance",  # closed for business, in the vendor's own dialect
    "slow",  # a true answer, `seconds` late
    "hook_duplicate",  # a notice is delivered twice
    "hook_reorder",  # a notice is held back until after the next one
    "hook_drop",  # a notice is lost
]
KINDS: tuple[str, ...] = get_args(Kind.__value__)


@dataclass(slots=True)
class Fault:
    """One way to misbehave. `times` counts down; None means until it is removed."""

    kind: Kind
    times: int | None = 1
    share: float = 1.0
    method: str | None = None
    path: str | None = None
    status: int = 503
    seconds: float = 5.0
    retry_after: int | None = None
    id: int = field(default=0)

    def concerns(self, method: str, path: str) -> bool:
        return (self.method is None or self.method == method) and (self.path is None or self.path in path)


class Faults:
    """The faults that are on. Chance is seeded, so a bad day can be repeated."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._on: list[Fault] = []
        self._ids = 0

    def add(self, wanted: dict[str, Any]) -> Fault:
        """A fault from the control interface; a wrong one is refused with the reason."""
        unknown = set(wanted) - set(Fault.__dataclass_fields__)
        if unknown:
            raise ValueError(
                f"a fault has no {', '.join(sorted(unknown))}; it has {', '.join(Fault.__dataclass_fields__)}"
            )
        if wanted.get("kind") not in KINDS:
            raise ValueError(f"kind is {wanted.get('kind')!r}; it must be one of {', '.join(KINDS)}")
        self._ids += 1
        fault = replace(Fault(**wanted), id=self._ids)
        self._on.append(fault)
        return fault

    def draw(self, method: str, path: str) -> Fault | None:
        """The fault that strikes this call, if one does; it is spent by striking."""
        return self._strike(lambda fault: not fault.kind.startswith("hook_") and fault.concerns(method, path))

    def draw_hook(self, path: str) -> Fault | None:
        return self._strike(lambda fault: fault.kind.startswith("hook_") and fault.concerns("POST", path))

    def clear(self) -> None:
        self._on.clear()

    def listed(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._on]

    def _strike(self, concerns: Callable[[Fault], bool]) -> Fault | None:
        for fault in self._on:
            if concerns(fault) and self._chance.random() < fault.share:
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._on.remove(fault)
                return fault
        return None
