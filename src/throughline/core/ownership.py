"""Who is right when two systems disagree.

The policy is a table the firm writes (`ownership.yaml`): for every field, the one owner. Settling a claim against it
and finding what may be sent are pure functions. No `if` about ownership appears anywhere else.
"""

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Any

from throughline.core.claims import Claim

EVERYTHING_ELSE = "*"
HUB = "hub"


@dataclass(frozen=True, slots=True)
class Settlement:
    """What of a claim became the truth, and what did not, with the owner who was preferred."""

    accepted: dict[str, Any]
    refused: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Policy:
    """`owners[kind][field]` is a system's name or `hub`, already resolved from roles."""

    owners: Dict[str, Dict[str, str]]

    def owner(self, kind: str, field: str) -> str | None:
        table = self.owners.get(kind, {})
        return table.get(field, table.get(EVERYTHING_ELSE))

    def settle(self, current: Dict[str, Any] | None, claim: Claim) -> Settlement:
        """Accept what the claimant owns; refuse, and remember, the rest. What agrees already is neither."""
        differing = {f: v for f, v in claim.fields.items() if current is None or current.get(f) != v}
        owned = {f for f in differing if self.owner(claim.kind, f) == claim.system}
        return Settlement(
            accepted={f: v for f, v in differing.items() if f in owned},
            refused={f: v for f, v in differing.items() if f not in owned and v is not None},
        )

    def sendable(self, kind: str, fields: Dict[str, Any], *, to: str) -> dict[str, Any]:
        """What may be written to a system: everything except what it owns itself."""
        return {f: v for f, v in fields.items() if self.owner(kind, f) != to}
