"""Who has the worker's next slots: each workflow in its turn, and none so many that the others find them all taken."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from throughline.core.priority import Priority

# How many times the free slots a workflow may hold. Alone it gets three quarters; a quarter waits for somebody else.
PER_FREE = {Priority.NORMAL: 3.0, Priority.BULK: 1.0}
# How far one may get ahead of another that also has work: every change of turns costs a statement.
AHEAD = 50


@dataclass(slots=True)
class Turns:
    """`priorities` names the entrypoints; one that is urgent may always have what is free."""

    priorities: Mapping[str, Priority]
    slots: int
    batch: int
    served: Counter[str] = field(default_factory=Counter[str])

    def choices(self, held: Mapping[str, int]) -> Iterator[tuple[list[str], int]]:
        """Whom to ask next and for how many: first those whose turn it is, then, if they have nothing, the others."""
        free = self.slots - sum(held.values())
        may = {name: self._allowance(name, held.get(name, 0), free) for name in self.priorities}
        may = {name: n for name, n in may.items() if n > 0}
        if not may:
            return
        least = min(self.served[name] for name in may)
        first = [name for name in may if self._is_urgent(name) or self.served[name] <= least + AHEAD]
        for names in (first, [name for name in may if name not in first]):
            if names:
                yield names, min(may[name] for name in names)

    def took(self, names: Collection[str], got: Mapping[str, int], *, asked: int) -> None:
        """Count it. Who had nothing more to do saves up no turns for later."""
        self.served.update(got)
        if sum(got.values()) < asked:
            most = max(self.served.values(), default=0)
            self.served.update({name: most - self.served[name] for name in names})

    def _allowance(self, name: str, held: int, free: int) -> int:
        if self._is_urgent(name):
            return min(self.batch, free)
        per_free = PER_FREE[self.priorities[name]]
        n = min(self.batch, free, int((per_free * free - held) / (1 + per_free)))
        # A few at a time would cost a statement each; but whoever has none may have even one.
        return n if n >= min(self.batch, self.slots // 8) or (n > 0 and not held) else 0

    def _is_urgent(self, name: str) -> bool:
        return self.priorities[name] is Priority.URGENT
