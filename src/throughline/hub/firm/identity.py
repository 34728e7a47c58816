"""The shapes of the two files that are not a value of the core on their own: `firm.yaml` and `ownership.yaml`."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from throughline.core.firm import LegalEntity
from throughline.core.money import Currency

Text = Annotated[str, Field(min_length=1)]


class Identity(BaseModel):
    """Who the firm is: `firm.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    reporting_currency: Currency
    service_lines: Annotated[tuple[Text, ...], Field(min_length=1)]
    legal_entities: Annotated[tuple[LegalEntity, ...], Field(min_length=1)]


class Ownership(BaseModel):
    """Who is right, per entity and field: `ownership.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entities: Mapping[str, Mapping[str, Text]]
