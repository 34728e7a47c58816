"""XML from outside, read so that it can do no harm: no DOCTYPE, no entities, and an end to depth and number."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

DEEPEST, MOST = 64, 1_000_000


class Unclear(ValueError):
    """It is no XML we are ready to read."""


@dataclass(slots=True)
class Node:
    """An element by its local name: Workday has one namespace, and its prefix is nobody's business."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list["Node"] = field(default_factory=list["Node"])

    def all(self, path: str) -> Iterator["Node"]:
        """Every element at that path: `all("Worker_Data/Organization_Data")`."""
        step, _, rest = path.partition("/")
        for child in self.children:
            if child.name == step:
                if rest:
                    yield from child.all(rest)
                else:
                    yield child

    def first(self, path: str) -> "Node | None":
        return next(self.all(path), None)

    def says(self, path: str) -> str | None:
        """The text there; None where there is no such element, or nothing in it."""
        found = self.first(path)
        return (found.text.strip() or None) if found else None

    def anywhere(self, name: str) -> Iterator["Node"]:
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.anywhere(name)


def read(text: str) -> Node:
    """The root element. Raises Unclear for anything but plain elements, attributes and text."""
    reader = _Reader()
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.say
    # Without a DOCTYPE nobody can declare an entity; the second is for a parser that would let one pass.
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise Unclear(f"it is not well formed: {error}") from error
    return reader.root.children[0]


class _Reader:
    def __init__(self) -> None:
        self.root = Node("", {})
        self._open, self._number = [self.root], 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._number += 1
        if len(self._open) > DEEPEST or self._number > MOST:
            raise Unclear(f"it has more than {DEEPEST} levels or {MOST} elements")
        node = Node(_local(name), {_local(key): value for key, value in attributes.items()})
        self._open[-1].children.append(node)
        self._open.append(node)

    def end(self, _name: str) -> None:
        self._open.pop()

    def say(self, text: str) -> None:
        self._open[-1].text += text

    def refuse(self, *_declared: Any) -> None:
        raise Unclear("it declares a document type, which no answer of Workday does")


def _local(name: str) -> str:
    return name.rpartition("}")[2]
