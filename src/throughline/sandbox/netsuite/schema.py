"""The shapes a record type is described with. The descriptions themselves are data: lists, entities, transactions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

type Kind = Literal[
    "string", "integer", "number", "boolean", "date", "datetime", "reference", "references", "choice", "subrecord"
]
type Choices = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`to` is what a reference points to; `in_subsidiary` says the target must be open to the record's subsidiary."""

    name: str
    title: str
    kind: Kind = "string"
    to: str = ""
    choices: Choices = field(default_factory=dict[str, str])
    required: bool = False
    read_only: bool = False
    length: int = 4000
    fields: tuple["Field", ...] = ()
    in_subsidiary: bool = False
    default: str | bool | int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sublist:
    """Lines inside a record. A line that is sent with its key is merged into that line; one without is a new line."""

    name: str
    title: str
    key: str
    fields: tuple[Field, ...]
    required: bool = False
    numbered: bool = False
    also: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType:
    """`family` is the namespace of ids and external ids; `code` is the type in SuiteQL's transaction table."""

    name: str
    title: str
    family: str
    label: str
    fields: tuple[Field, ...]
    sublists: tuple[Sublist, ...] = ()
    first_id: int = 1000
    code: str = ""
    prefix: str = ""
    posting: bool = False

    def field(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)

    def sublist(self, name: str) -> Sublist | None:
        return next((sublist for sublist in self.sublists if name and name in {sublist.name, sublist.also}), None)


def text(name: str, title: str, *, length: int = 4000, required: bool = False, read_only: bool = False) -> Field:
    return Field(name=name, title=title, length=length, required=required, read_only=read_only)


def number(name: str, title: str, *, required: bool = False, read_only: bool = False) -> Field:
    return Field(name=name, title=title, kind="number", required=required, read_only=read_only)


def integer(name: str, title: str, *, read_only: bool = False) -> Field:
    return Field(name=name, title=title, kind="integer", read_only=read_only)


def flag(name: str, title: str, *, default: bool | None = False) -> Field:
    return Field(name=name, title=title, kind="boolean", default=default)


def day(name: str, title: str, *, required: bool = False, read_only: bool = False) -> Field:
    return Field(name=name, title=title, kind="date", required=required, read_only=read_only)


def ref(name: str, title: str, to: str, *, required: bool = False, in_subsidiary: bool = False) -> Field:
    return Field(name=name, title=title, kind="reference", to=to, required=required, in_subsidiary=in_subsidiary)


def refs(name: str, title: str, to: str) -> Field:
    return Field(name=name, title=title, kind="references", to=to)


def choice(
    name: str, title: str, choices: Choices, *, required: bool = False, read_only: bool = False, default: str = ""
) -> Field:
    return Field(
        name=name,
        title=title,
        kind="choice",
        choices=choices,
        required=required,
        read_only=read_only,
        default=default or None,
    )


# Every record has these; a client may send back what it read, so a read-only field is ignored, not refused.
COMMON: tuple[Field, ...] = (
    Field(name="id", title="Internal ID", read_only=True),
    text("externalId", "External ID", length=255),
    Field(name="createdDate", title="Date Created", kind="datetime", read_only=True),
    Field(name="lastModifiedDate", title="Last Modified Date", kind="datetime", read_only=True),
    flag("isInactive", "Inactive"),
)
