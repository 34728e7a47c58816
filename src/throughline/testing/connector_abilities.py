"""The contract's part about abilities: what is promised has a function, and a rung is what really happens."""

import random
from collections.abc import Awaitable
from typing import Any

from throughline.core.connector import DEADLINE_SECONDS, Sent, TokenRequest, Where
from throughline.core.likeness import natural_key
from throughline.core.mapping import Mapping, Rung
from throughline.testing.connector_hostile import Asked, Heard, Listener
from throughline.testing.connector_subject import Broken, Subject
from throughline.testing.connector_tables import shown


def abilities_fit_together(subject: Subject) -> None:
    """What the tables promise has a function, and what one function needs of another is there."""
    connector = subject.connector
    polled = [mapping.kind for mapping in connector.mappings if mapping.changed]
    if bool(polled) != bool(connector.changes):
        raise Broken("`changes` and a mapping with `changed` belong together: there is one without the other")
    if bool(connector.receive) != bool(connector.signed):
        raise Broken("`receive` and `signed` belong together: a delivery nobody checks is taken from anybody")
    if connector.signed and subject.delivery is None:
        raise Broken("give the suite a `delivery`: without a true one it cannot tell whether `signed` checks anything")
    if isinstance(subject.asked(), TokenRequest) and connector.read_token is None:
        raise Broken("`ask` asks for a token, and there is no `read_token` to read the answer")


def rungs_are_true(subject: Subject) -> None:
    """A declared rung is what the functions really do; it decides whether an effect may be repeated."""
    for mapping in subject.connector.mappings:
        match mapping.rung:
            case Rung.UPSERT:
                _upserts(subject, mapping)
            case Rung.IDEMPOTENCY_KEY:
                _puts_mention(subject, mapping, "once-7", "the effect's idempotency_key")
                _searches(subject, mapping, mapping.after_window)
            case Rung.MARKER | Rung.NATURAL_KEY:
                _searches(subject, mapping, mapping.rung)
            case Rung.NOTHING:
                pass


def unknown_outcomes_settle(subject: Subject) -> None:
    """Nobody looks, or asks a person, while it may still be done or not be shown yet."""
    for mapping in subject.connector.mappings:
        least = DEADLINE_SECONDS + mapping.late_seconds + mapping.lag_seconds
        if mapping.rung is not Rung.UPSERT and mapping.settle_seconds <= least:
            raise Broken(
                f"{mapping.kind} settles after {mapping.settle_seconds:g} s, and may appear after {least:g} s: our"
                f" deadline of {DEADLINE_SECONDS:g} s, late_seconds and lag_seconds. Raise settle_seconds above that"
            )


def _searches(subject: Subject, mapping: Mapping, rung: Rung) -> None:
    match rung:
        case Rung.MARKER:
            _puts_mention(subject, mapping, "marker-7", "the marker it can be found by")
            _finds(subject, mapping, Where(marker="marker-7"), ["marker-7"])
        case Rung.NATURAL_KEY:
            _naturally(subject, mapping)
        case _:
            pass


def _upserts(subject: Subject, mapping: Mapping) -> None:
    onto = any(row.theirs == mapping.key and row.flow != "in" for row in mapping.rows)
    if mapping.id_field is None and not onto:
        raise Broken(
            f"{mapping.kind} declares rung A: give the mapping an `id_field` the vendor upserts by, or a row that"
            f" says which {mapping.key} it is written onto"
        )
    if mapping.id_field:
        _puts_mention(subject, mapping, "our-id-7", f"our id, which {mapping.id_field} is upserted by")
    _puts_mention(subject, mapping, "their-key-7", "the key of the record it updates", key="their-key-7")


def _puts_mention(subject: Subject, mapping: Mapping, text: str, what: str, *, key: str | None = None) -> None:
    put = subject.connector.put
    if put is None:
        raise Broken(f"{mapping.kind} declares rung {mapping.rung} and the connector cannot put")
    sent = Sent(record={}, id="our-id-7", key=key, marker="marker-7", idempotency_key="once-7")
    asked = _overheard(put(Listener(subject.credentials.settings), mapping, sent))
    if asked is None or not asked.mentions(text):
        raise Broken(f"{mapping.kind} declares rung {mapping.rung}, and the first request of put lacks {what}: {asked}")


def _naturally(subject: Subject, mapping: Mapping) -> None:
    if subject.connector.put is None:
        raise Broken(f"{mapping.kind} declares rung D and the connector cannot put")
    told, *_ = shown(mapping, random.Random(subject.connector.name))  # noqa: S311 - see above
    wanted = natural_key(mapping, told)
    _finds(subject, mapping, Where(fields=wanted), [str(each) for each in wanted.values() if isinstance(each, str)])


def _finds(subject: Subject, mapping: Mapping, where: Where, any_of: list[str]) -> None:
    find = subject.connector.find
    if find is None:
        raise Broken(f"{mapping.kind} declares rung {mapping.rung} and the connector cannot find")
    asked = _overheard(find(Listener(subject.credentials.settings), mapping, where))
    if asked is None or not any(asked.mentions(text) for text in any_of):
        raise Broken(f"{mapping.kind} declares rung {mapping.rung}, and find does not look for it: {asked}")


def _overheard(asking: Awaitable[Any]) -> Asked | None:
    """The first request. A listener never really waits, so no event loop is needed to run it."""
    steps = asking.__await__()
    try:
        next(steps)
    except Heard as heard:
        return heard.asked
    except StopIteration:
        return None
    raise Broken("it waits for something other than http: a connector never sleeps")
