"""Records as REST shows them: links everywhere, references with names, sublists only when asked for."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from throughline.sandbox.netsuite.names import ref_name
from throughline.sandbox.netsuite.schema import Field, RecordType, Sublist
from throughline.sandbox.shelf import Record, Shelf


@dataclass(frozen=True, slots=True)
class View:
    """`root` is the URL of the record service; `expand` shows sublists and multi-selects in full."""

    shelf: Shelf
    root: str
    expand: bool = False
    only: Collection[str] = ()

    def record(self, type_: RecordType, record: Record) -> dict[str, Any]:
        url = f"{self.root}/{type_.name}/{record['id']}"
        shown: dict[str, Any] = {"links": self_link(url)}
        for field in type_.fields:
            if self._wanted(field.name) and record.get(field.name) is not None:
                shown[field.name] = self._value(field, record[field.name], url)
        for sublist in type_.sublists:
            if self._wanted(sublist.name):
                shown[sublist.name] = self.sublist(sublist, record, url)
        return shown

    def sublist(self, sublist: Sublist, record: Record, url: str) -> dict[str, Any]:
        at = f"{url}/{sublist.name}"
        if not self.expand:
            return {"links": self_link(at)}
        lines = [self.line(sublist, line, at) for line in record.get(sublist.name, [])]
        return {"links": self_link(at), "items": lines, "totalResults": len(lines)}

    def line(self, sublist: Sublist, line: dict[str, Any], at: str) -> dict[str, Any]:
        url = f"{at}/{line[sublist.key]}"
        return {"links": self_link(url), **self._fields(sublist.fields, line, url)}

    def _fields(self, fields: Collection[Field], values: dict[str, Any], url: str) -> dict[str, Any]:
        present = [field for field in fields if values.get(field.name) is not None]
        return {field.name: self._value(field, values[field.name], url) for field in present}

    def _value(self, field: Field, value: Any, url: str) -> Any:  # noqa: PLR0911 - one per kind
        match field.kind:
            case "number":
                return Decimal(value)
            case "reference":
                return self._reference(field.to, value)
            case "choice":
                return {"id": value, "refName": field.choices.get(value, value)}
            case "references":
                at = f"{url}/{field.name}"
                if not self.expand:
                    return {"links": self_link(at)}
                return {"links": self_link(at), "items": [self._reference(field.to, id_) for id_ in value]}
            case "subrecord":
                return {"links": self_link(f"{url}/{field.name}"), **self._fields(field.fields, value, url)}
            case _:
                return value

    def _reference(self, to: str, id_: str) -> dict[str, Any]:
        return {"links": self_link(f"{self.root}/{to}/{id_}"), "id": id_, "refName": ref_name(self.shelf, to, id_)}

    def _wanted(self, name: str) -> bool:
        return not self.only or name in self.only


def self_link(href: str) -> list[dict[str, str]]:
    return [{"rel": "self", "href": href}]
