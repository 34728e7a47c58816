"""A record in a system that may be the thing we mean."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Candidate:
    """Their key, our id when it is known under one that other systems share, and its fields in our words."""

    key: str
    id: str | None
    fields: dict[str, Any]
