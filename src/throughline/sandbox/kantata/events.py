"""Subscribed events: what changed in the last nine days, to be fetched, never pushed. Unordered, sometimes twice."""

import random
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from throughline.sandbox.kantata.derived import ACCOUNT_ID
from throughline.sandbox.kantata.ledger import Verb, stamp
from throughline.sandbox.kantata.presenting import plain
from throughline.sandbox.kantata.reading import Record
from throughline.sandbox.kantata.schema import BY_MODEL, COLLECTIONS, FIRST_ID
from throughline.sandbox.kantata.schema.fields import SUBSCRIBED_EVENTS
from throughline.sandbox.kantata.schema.shape import Collection, kind
from throughline.sandbox.kantata.settings import Settings
from throughline.sandbox.shelf import Shelf

RETENTION = timedelta(days=9)
VERBS = ("created", "updated", "deleted")
HAVE_FIELD_VALUES = ("workspace", "story", "user", "workspace_group", "workspace_resource")


class Events:
    def __init__(self, shelf: Shelf, now: Callable[[], datetime], settings: Settings, chance: random.Random) -> None:
        self._shelf, self._now, self._settings, self._chance = shelf, now, settings, chance

    def tell(self, collection: Collection, verb: Verb, actor: str, before: Record | None, after: Record | None) -> None:
        if collection.event:
            self._write(collection, f"{collection.event}:{verb}", actor, before, after)
        if collection.name == "custom_field_values":
            self._tell_subject(collection, verb, actor, before, after)
        if collection.name == "stories" and before and after and before["state"] != after["state"]:
            self._write(collection, "story:status_selected", actor, before, after)

    def current(self) -> list[Record]:
        """Those that have appeared, and are not yet forgotten."""
        now = self._now()
        earliest, latest = stamp(now - RETENTION), stamp(now)
        return [
            event for event in self._shelf.all("subscribed_events").values() if earliest < event["created_at"] <= latest
        ]

    def _tell_subject(
        self, collection: Collection, verb: str, actor: str, before: Record | None, after: Record | None
    ) -> None:
        value = after or before or {}
        subject = BY_MODEL[value["subject_type"]]
        if subject.event in HAVE_FIELD_VALUES:
            self._write(collection, f"{subject.event}:custom_field_value_{verb}", actor, before, after)

    def _write(
        self, collection: Collection, event_type: str, actor: str, before: Record | None, after: Record | None
    ) -> None:
        self._forget()
        now = self._now()
        subject = after or before or {}
        event: Record = {
            "event_type": event_type,
            "account_id": ACCOUNT_ID,
            "user_id": actor,
            "subject_type": subject.get("subject_type", collection.model),
            "subject_id": subject.get("subject_id", subject["id"]),
            "subject_changed_at": stamp(now),
            "previous_payload": _payload(collection, before),
            "current_payload": _payload(collection, after),
            "payload_changes": _changes(_payload(collection, before), _payload(collection, after)),
        }
        self._publish(event)
        if self._chance.random() < self._settings.event_duplicates:
            self._publish(event)

    def _publish(self, event: Record) -> None:
        delay = self._chance.random() * self._settings.event_delay_seconds
        created = stamp(self._now() + timedelta(seconds=delay))
        id_ = str(self._shelf.next("subscribed_events", first=FIRST_ID["subscribed_events"]))
        self._shelf.create("subscribed_events", id_, {**event, "id": id_, "created_at": created, "updated_at": created})

    def _forget(self) -> None:
        """The oldest come first, so this looks at what it deletes and one more."""
        horizon = stamp(self._now() - RETENTION)
        held = self._shelf.all("subscribed_events")
        while held:
            first = next(iter(held))
            if held[first]["created_at"] > horizon:
                return
            self._shelf.delete("subscribed_events", first)


def _payload(collection: Collection, record: Record | None) -> dict[str, Any] | None:
    """The row as it was, without what Kantata works out; keys of other records are in it."""
    if record is None:
        return None
    stored = plain(collection, record, frozenset(collection.optional))
    lists = {key: record[key] for key in collection.foreign_keys if kind(key) == "ids" and key in record}
    return {name: value for name, value in {**stored, **lists}.items() if name in record}


def _changes(before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, list[Any]]:
    """Old and new value of each field that differs."""
    old, new = before or {}, after or {}
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return {name: [old.get(name), new.get(name)] for name in names}


def event_types() -> Iterable[str]:
    yield from (f"{each.event}:{verb}" for each in COLLECTIONS.values() if each.event for verb in VERBS)
    yield from (f"{subject}:custom_field_value_{verb}" for subject in HAVE_FIELD_VALUES for verb in VERBS)
    yield "story:status_selected"


def schemas() -> dict[str, Any]:
    """What each event's payload holds."""
    described: dict[str, Any] = {}
    for collection in (each for each in COLLECTIONS.values() if each.event):
        fields = {
            name: {"name": name, "type": JSON_TYPES.get(kind(name), "string"), "description": ""}
            for name in (*collection.attributes, *collection.foreign_keys)
        }
        for verb in VERBS:
            name = f"{collection.event}:{verb}"
            described[name] = {"name": name, "description": f"A {collection.singular} was {verb}", "fields": fields}
    return described


JSON_TYPES = {"integer": "integer", "boolean": "boolean", "ids": "array", "date": "date"}

__all__ = ["SUBSCRIBED_EVENTS", "Events", "event_types", "schemas"]
