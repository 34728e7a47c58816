"""An effect in doubt: what a person is asked when the system itself does not decide it, and what they may answer."""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from typing import Any

from throughline.core.likeness import Found
from throughline.hub.control import Question
from throughline.hub.telling import short
from throughline.store.effects import Effect

ARRIVED, SEND_AGAIN = "it arrived", "send it again"
NONE_OF_THEM = "none of them: send it again"
SENT = "what we sent"


def marker(effect: Effect) -> str:
    """The mark a record of theirs carries: the entity it is, which a person can read, not one attempt at it."""
    return effect.entity


def unknown(effect: Effect, system: str) -> Question:
    """Nothing to look with: a person looks."""
    return Question(
        f"unknown-{effect.key[:8].lower()}-{effect.attempts}",
        f"{system} may or may not have received this {_kind(effect)}",
        fix=f"Look in {system}, then say whether it arrived. It is not sent again by itself.",
        choices=(ARRIVED, SEND_AGAIN),
        owner=None,
        amount=None,
        kind="unknown",
    )


def twins(effect: Effect, system: str, sent: Dict[str, Any], same: Sequence[Found]) -> Question:
    """More than one of what should be one."""
    keys = ", ".join(each.key for each in same)
    return Question(
        f"twins-{effect.key[:8].lower()}",
        f"{system} has {len(same)} records of one {_kind(effect)}: {keys}",
        fix=f"Say which one is right, and delete the others in {system}. Nothing is sent.",
        choices=tuple(it_is(each) for each in same),
        owner=None,
        amount=None,
        kind="quarantine",
        candidates=side_by_side(sent, same),
    )


def similar(effect: Effect, system: str, sent: Dict[str, Any], found: Sequence[Found]) -> Question:
    """Our natural key, and not our content."""
    keys = ", ".join(each.key for each in found)
    return Question(
        f"similar-{effect.key[:8].lower()}-{effect.attempts}",
        f"{system} has a {_kind(effect)} like the one we sent, and it differs: {keys}",
        fix=f"Compare them, then say whether it is ours. If it is, {system} is sent what differs.",
        choices=(*(it_is(each) for each in found), NONE_OF_THEM),
        owner=None,
        amount=None,
        kind="quarantine",
        candidates=side_by_side(sent, found),
    )


def it_is(found: Found) -> str:
    return f"it is {found.key}"


def side_by_side(sent: Dict[str, Any], found: Sequence[Found]) -> tuple[dict[str, str], ...]:
    """What we sent and what was found, as a person compares them."""
    return ({"record": SENT, **_told(sent)}, *({"record": each.key, **_told(each.fields)} for each in found))


def _told(fields: Dict[str, Any]) -> dict[str, str]:
    return {name: _in_words(value) for name, value in fields.items() if value is not None}


def _in_words(value: Any) -> str:
    """A list line by line: two with as many lines may differ in one of them."""
    if isinstance(value, list):
        return "; ".join(_in_words(each) for each in value)
    if isinstance(value, dict) and set(value) != {"amount", "currency"}:
        return ", ".join(f"{name} {_in_words(each)}" for name, each in value.items() if each is not None)
    return short(value)


def _kind(effect: Effect) -> str:
    return effect.kind.replace("_", " ")
