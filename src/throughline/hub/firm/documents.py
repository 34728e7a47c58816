"""Reads YAML keeping where everything stood. Every scalar stays the text it was: no float, no surprise yes or no."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from throughline.hub.firm.errors import Spot
from throughline.hub.firm.report import Report

_MOST_NODES = 50_000
_TO_THE_END = 10_000
_YAML_TYPES = ("str", "int", "float", "bool", "null", "timestamp", "merge", "seq", "map")
_PLAIN_TAGS = {f"tag:yaml.org,2002:{name}" for name in _YAML_TYPES}


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a document, where it stands, and where its key stands."""

    key: Spot
    spot: Spot
    value: "str | list[Node] | dict[str, Node] | None"

    def plain(self) -> Any:
        match self.value:
            case dict():
                return {name: node.plain() for name, node in self.value.items()}
            case list():
                return [node.plain() for node in self.value]
            case _:
                return self.value

    def step(self, key: str | int) -> "Node | None":
        match self.value, key:
            case dict(), str():
                return self.value.get(key)
            case list(), int() if key < len(self.value):
                return self.value[key]
            case _:
                return None

    def items(self) -> "dict[str, Node]":
        return self.value if isinstance(self.value, dict) else {}

    def each(self, *path: str) -> "Iterator[Node]":
        """Every node at a path; `*` is every item or value."""
        if not path:
            yield self
            return
        first, *rest = path
        match self.value:
            case dict():
                found = [n for name, n in self.value.items() if first in {"*", name}]
            case list() if first == "*":
                found = self.value
            case _:
                found = []
        for node in found:
            yield from node.each(*rest)

    def text(self, key: str) -> str | None:
        """A field's text, when it is one."""
        node = self.step(key)
        return node.value if node and isinstance(node.value, str) else None


def read_document(file: str, text: str, report: Report) -> Node | None:
    """The whole document, or None when it is not YAML; what is wrong is in the report."""
    yaml = YAML(typ="rt")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ReusedAnchorWarning)
            root = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        spot = Spot(file, mark.line + 1, mark.column + 1) if mark else Spot(file, 1)
        report.add(spot, "syntax", f"this is not YAML: {error.problem or error.context}", hint=_syntax_hint(text, spot))
    except (YAMLError, ReusedAnchorWarning) as error:
        report.add(Spot(file, 1), "syntax", f"this is not YAML: {str(error).splitlines()[0]}")
    else:
        if isinstance(root, MappingNode):
            return _Reading(file, report).node(root, None)
        report.add(Spot(file, 1), "wrong-type", "this file must hold `key: value` lines")
        return None
    return None


def _syntax_hint(text: str, spot: Spot) -> str:
    lines = text.split("\n")
    if spot.line <= len(lines) and "\t" in lines[spot.line - 1][: spot.column]:
        return "YAML is indented with spaces, never tabs"
    return "look for a missing space after a colon, an unclosed quote or bracket, or a wrong indentation"


class _Reading:
    """One document on its way from the parser's nodes to ours."""

    def __init__(self, file: str, report: Report) -> None:
        self.file, self.report = file, report
        self.seen = 0
        self.open: set[int] = set()

    def node(self, raw: Any, key: Spot | None) -> Node:
        spot = self._spot(raw, key)
        self.seen += 1
        if id(raw) in self.open or self.seen > _MOST_NODES:
            self.report.add(spot, "syntax", "this document refers to itself, or is far too large")
            return Node(key or spot, spot, None)
        self.open.add(id(raw))
        try:
            return Node(key or spot, spot, self._value(raw, spot))
        finally:
            self.open.discard(id(raw))

    def _value(self, raw: Any, spot: Spot) -> "str | list[Node] | dict[str, Node] | None":
        if str(raw.tag) not in _PLAIN_TAGS:
            self.report.add(spot, "unknown-tag", f"the tag {raw.tag} means nothing here", hint="delete it")
        match raw:
            case SequenceNode():
                return [self.node(item, None) for item in raw.value]
            case MappingNode():
                return self._mapping(raw)
            case _:
                return None if str(raw.tag).endswith(":null") else raw.value

    def _mapping(self, raw: MappingNode) -> dict[str, Node]:
        merged: dict[str, Node] = {}
        own: dict[str, Node] = {}
        for raw_key, raw_value in raw.value:
            key = self._spot(raw_key, None)
            if not isinstance(raw_key, ScalarNode):
                self.report.add(key, "wrong-type", "a key must be a word")
            elif str(raw_key.tag).endswith(":merge"):
                merged |= self.node(raw_value, key).items()
            elif raw_key.value in own:
                first = own[raw_key.value].key
                message = f"key `{raw_key.value}` is written twice; the first is on line {first.line}"
                self.report.add(key, "duplicate-key", message, hint="delete one of the two", also=(first,))
                self.node(raw_value, key)
            else:
                own[raw_key.value] = self.node(raw_value, key)
        return merged | own

    def _spot(self, raw: Any, key: Spot | None) -> Spot:
        start, end = raw.start_mark, raw.end_mark
        if key is not None and isinstance(raw, ScalarNode) and not raw.value and not raw.style:
            return key  # an empty value has no place of its own; the parser's is wherever it looked next
        if key is not None and not isinstance(raw, ScalarNode) and start.line + 1 != key.line:
            return key  # a block is best pointed at by its name
        # A text that runs on over lines is meant to the end of its first; the report cuts the width to the line.
        further = _TO_THE_END if isinstance(raw, ScalarNode) else 1
        width = end.column - start.column if end.line == start.line else further
        return Spot(self.file, start.line + 1, start.column + 1, max(1, width))
