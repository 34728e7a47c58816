"""Masking: rates and salaries, and what else the firm hides, taken out of whatever is shown to who may not see them."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from throughline.core import exact
from throughline.core.entities.base import Value
from throughline.core.entities.sensitive import Sensitive
from throughline.core.lists import Line
from throughline.core.mapping import Mapping, Row

MASKED = "masked"
# What systems call what we have no word for; nobody has to map a salary for it to be hidden.
_SAYS_SO = re.compile(
    r"salar|compensation|wage|payroll|(pay|bill|billing|billable|cost|hourly|burden(ed)?)_?(rate|cost)s?$",
    re.IGNORECASE,
)
# What stands beside the name of a field, where a field is told of and not had: in what was corrected or not believed.
BESIDE = frozenset({"value", "from", "to", "said", "instead_of", "ours", "theirs"})
_LARGEST = 2**20


def sensitive_fields() -> frozenset[str]:
    """Our words for what the canonical entities, and their parts, declare sensitive."""
    return frozenset(
        name
        for value in _every(Value)
        for name, field in value.model_fields.items()
        if any(isinstance(mark, Sensitive) for mark in field.metadata)
    )


def their_names(mappings: Iterable[Mapping], names: frozenset[str]) -> frozenset[str]:
    """What systems call the fields of these names, as far as the mappings say."""
    return frozenset(theirs for mapping in mappings for row in mapping.rows for theirs in _theirs(row, names))


def masked(said: Any, names: frozenset[str]) -> Any:
    """The same value without what is behind these names, however deep; the very same one when nothing was."""
    if isinstance(said, dict):
        about = hides(said.get("field"), names)
        told = {
            key: MASKED if _hidden(key, value, names, about=about) else masked(value, names)
            for key, value in said.items()
        }
        return said if all(told[key] is value for key, value in said.items()) else told
    if isinstance(said, list):
        items = [masked(each, names) for each in said]
        return said if all(a is b for a, b in zip(items, said, strict=True)) else items
    return said


def masked_body(body: bytes, names: frozenset[str]) -> bytes:
    """A body as it was exchanged. What cannot be read cannot be masked, so it is not shown at all."""
    if not body:
        return body
    try:
        said = exact.loads(body) if len(body) <= _LARGEST else None
    except ValueError:
        said = None
    if not isinstance(said, dict | list):
        return MASKED.encode()
    told = masked(said, names)
    return body if told is said else exact.dumps(told).encode()


def says_so(name: str) -> bool:
    """Whether a field's own name tells that it is a rate or a salary."""
    return _SAYS_SO.search(name) is not None


def hides(name: object, names: frozenset[str]) -> bool:
    """Whether what is behind this name is not shown."""
    return isinstance(name, str) and (name in names or says_so(name))


def _hidden(key: object, value: Any, names: frozenset[str], *, about: bool) -> bool:
    return value is not None and value != MASKED and (hides(key, names) or (about and key in BESIDE))


def _theirs(row: Row | Line, names: frozenset[str]) -> Iterator[str]:
    if row.ours in names:
        yield row.theirs.rpartition(".")[2]
    for line in getattr(row.form, "lines", ()):
        yield from _theirs(line, names)


def _every(kind: type[Value]) -> Iterable[type[Value]]:
    for each in kind.__subclasses__():
        yield each
        yield from _every(each)
