"""The shapes several answers share: pages, and money with its currency."""

from collections.abc import Mapping
from decimal import Decimal

from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field

from throughline.core.money import Money


class Shape(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class Asked(BaseModel):
    """A body that was sent: a field we do not know is refused, not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class Csv(PlainTextResponse):
    """A file for spreadsheets, documented as what it is."""

    media_type = "text/csv"


class Page[T](Shape):
    """One page of a list; `next` is the cursor of the page after it, null at the end."""

    data: list[T]
    next: str | None = Field(default=None, examples=["kQ1f0bZzS8yX2w"])


def monies(amounts: Mapping[str, Decimal]) -> list[Money]:
    return [Money.of(amount, currency) for currency, amount in sorted(amounts.items())]


def money(amount: Decimal | None, currency: str | None) -> Money | None:
    return Money.of(amount, currency) if amount is not None and currency else None
