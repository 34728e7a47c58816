"""A record never *is* the truth; it claims something about it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Claim:
    """What one system says about one entity, in our words, before anybody decided whether it is right.

    `fields` hold JSON values. `unread` names what could not be understood, and why: nothing is guessed.
    """

    kind: str
    key: str
    system: str
    fields: dict[str, Any]
    unread: dict[str, str] = field(default_factory=dict[str, str])
    author: str | None = None
