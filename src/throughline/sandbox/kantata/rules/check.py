"""One record on its way in, as the rules see it: what it would be, what it was, and who asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from throughline.sandbox.kantata.reading import Reader, Record


@dataclass(frozen=True, slots=True)
class Check:
    reader: Reader
    record: Record
    """As it would be stored; a rule may complete it."""
    before: Record | None
    given: Mapping[str, Any]
    actor: str

    @property
    def creating(self) -> bool:
        return self.before is None

    def other(self, name: str, key: str) -> Record | None:
        return self.reader.get(name, self.record.get(key))
