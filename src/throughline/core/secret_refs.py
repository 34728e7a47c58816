"""Where a secret is kept: what a firm's folder may say of it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_serializer, model_validator


class SecretRef(BaseModel):
    """Where a secret is kept. There is no place in it for the secret itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keeper: Literal["env", "file"]
    name: Annotated[str, Field(min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        keeper, colon, name = value.partition(":")
        if not colon or keeper not in {"env", "file"} or not name or name.startswith("/"):
            raise ValueError(
                "a secret is never written here: write env:NAME or file:a/relative/path to say where it is"
            )
        return {"keeper": keeper, "name": name}

    @model_serializer
    def __str__(self) -> str:
        return f"{self.keeper}:{self.name}"
