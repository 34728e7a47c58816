"""Whether a record of theirs is the thing we meant to make: by our mark, or by its natural key and a digest."""

from collections.abc import Iterable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from throughline.core import exact
from throughline.core.claims import Claim
from throughline.core.connector import Where
from throughline.core.lists import Lines
from throughline.core.mapping import Mapping, Rung


class Likeness(StrEnum):
    """`SIMILAR` has our natural key and says something else: it may be ours, and a person must look."""

    SAME = "same"
    SIMILAR = "similar"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Found:
    """A record of theirs that may be what we sent: its key, its fields in our words, and whether it says the same."""

    key: str
    fields: dict[str, Any]
    same: bool


def looked_for(mapping: Mapping, rung: Rung, *, marker: str, sent: Dict[str, Any]) -> Where:
    """By our mark where they keep one, else by what tells it from others."""
    return Where(marker=marker) if rung is Rung.MARKER else Where(fields=natural_key(mapping, sent))


def sorted_out(mapping: Mapping, rung: Rung, sent: Dict[str, Any], claims: Iterable[Claim]) -> list[Found]:
    """What carries our mark is ours whatever it says; without one, the natural key decides, and then the content."""
    alike = {
        claim.key: (claim.fields, Likeness.SAME if rung is Rung.MARKER else likeness(mapping, sent, claim))
        for claim in claims
    }
    return [
        Found(key, fields, how is Likeness.SAME)
        for key, (fields, how) in sorted(alike.items())
        if how is not Likeness.OTHER
    ]


def natural_key(mapping: Mapping, fields: Dict[str, Any]) -> dict[str, Any]:
    """What tells this thing from others; a field without a value is part of it."""
    return {name: fields.get(name) for name in mapping.natural_key}


def likeness(mapping: Mapping, sent: Dict[str, Any], claim: Claim) -> Likeness:
    """How alike what we sent and what they show are. What cannot be read may be ours, so nobody calls it another."""
    shown = claim.fields
    differing = {name for name, value in natural_key(mapping, sent).items() if shown.get(name) != value}
    if differing - set(claim.unread):
        return Likeness.OTHER
    comparable = mapping.read_back() & set(sent)
    if digest(mapping, {name: shown.get(name) for name in comparable}) == digest(mapping, sent):
        return Likeness.SAME
    return Likeness.SIMILAR


def digest(mapping: Mapping, fields: Dict[str, Any]) -> str:
    """The same for the same content: of what we send, only what they show again can be compared."""
    return exact.digest({name: _comparable(mapping, name, fields[name]) for name in mapping.read_back() & set(fields)})


def agreed(mapping: Mapping, sent: Dict[str, Any], shown: Dict[str, Any]) -> dict[str, Any]:
    """What of all we sent they hold just so."""
    alike = mapping.read_back() & set(sent) & set(shown)
    return {
        name: sent[name]
        for name in sorted(alike)
        if _comparable(mapping, name, sent[name]) == _comparable(mapping, name, shown[name])
    }


def _comparable(mapping: Mapping, name: str, value: Any) -> Any:
    """A list's lines, reduced to what flows both ways."""
    form = next(row.form for row in mapping.rows if row.ours == name and row.flow != "out")
    if not isinstance(form, Lines) or not isinstance(value, list):
        return value
    both = [line.ours for line in form.lines if line.flow == "both" and line.ours]
    return [{each: line.get(each) for each in both} for line in value]
