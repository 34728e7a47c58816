"""What the contract suite is given: a connector, and what only its author knows."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from throughline.core.connector import Connector, Credentials, Token, TokenRequest

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Broken(AssertionError):
    """The contract is broken: what was found, and what belongs there."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One true webhook, as the vendor signs it with `credentials`; `signed_by` names the headers that prove it."""

    headers: Dict[str, str]
    body: bytes
    at: datetime
    signed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A connector, and what its author knows that the suite cannot: made-up credentials that have the right shape."""

    connector: Connector
    credentials: Credentials
    readme: Path
    delivery: Delivery | None = None

    def asked(self) -> TokenRequest | Token:
        """What the connector makes of the credentials."""
        return self.connector.ask(self.credentials, NOW)
