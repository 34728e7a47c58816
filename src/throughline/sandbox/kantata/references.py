"""External references: the only place where an integration can leave a mark it can find again, and perhaps not at once.

A reference is one per subject and service, because Kantata says that a service name must be unique on an object.
Nothing makes (service, model, ref) unique: two creates with the same mark are two records.
"""

from datetime import datetime, timedelta

from throughline.sandbox.kantata.errors import Problem, Refused, invalid
from throughline.sandbox.kantata.ledger import Ledger, stamp
from throughline.sandbox.kantata.reading import Record
from throughline.sandbox.kantata.schema import BY_MODEL
from throughline.sandbox.kantata.schema.fields import CREATE_OR_UPDATE, EXTERNAL_REFERENCES
from throughline.sandbox.kantata.settings import Settings
from throughline.sandbox.kantata.values import Record as Fields
from throughline.sandbox.kantata.values import blank, human, permitted

INLINE = tuple(name for name in CREATE_OR_UPDATE if not name.startswith("subject_"))


class References:
    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self._ledger, self._settings = ledger, settings

    def create_or_update(self, wanted: Fields, actor: str) -> Record:
        fields, problems = permitted(wanted, CREATE_OR_UPDATE)
        problems += self.complaints(fields, EXTERNAL_REFERENCES.required) or self._homeless(fields)
        if problems:
            raise Refused(422, problems)
        return self._settle(fields, actor)

    def attach(self, model: str, subject_id: str, inline: Fields, actor: str) -> Record:
        fields, _ = permitted(inline, INLINE)
        return self._settle({**fields, "subject_type": model, "subject_id": subject_id}, actor)

    def inline_complaints(self, inline: object) -> list[Problem]:
        if not isinstance(inline, dict):
            return [invalid("external_reference", "External reference must be an object")]
        fields, problems = permitted(inline, INLINE)
        return problems + self.complaints(fields, ("service_name", "service_model", "service_model_ref"))

    def complaints(self, fields: Fields, required: tuple[str, ...]) -> list[Problem]:
        missing = [invalid(name, f"{human(name)} can't be blank") for name in required if blank(fields.get(name))]
        statuses = EXTERNAL_REFERENCES.choices["status"]
        if fields.get("status") is not None and fields["status"] not in statuses:
            missing.append(invalid("status", "Status is not included in the list"))
        return missing

    def visible(self, reference: Record) -> bool:
        """Whether a search can see it yet. The row is there at once; the index follows."""
        return datetime.fromisoformat(reference["_visible_at"]) <= self._ledger.now()

    def _homeless(self, fields: Fields) -> list[Problem]:
        collection = BY_MODEL.get(fields["subject_type"])
        if not collection or not collection.referable:
            return [invalid("subject_type", "Subject type is not included in the list")]
        if not self._ledger.shelf.get(collection.name, fields["subject_id"]):
            return [invalid("subject_id", "Subject must exist")]
        return []

    def _settle(self, fields: Fields, actor: str) -> Record:
        fields = {name: value for name, value in fields.items() if value is not None}
        fields = {**fields, "service_model_ref": str(fields["service_model_ref"])}
        now = self._ledger.now()
        synced = {"last_synced_at": stamp(now)}
        if there := self._same(fields):
            return self._ledger.change(EXTERNAL_REFERENCES, there, actor, **{**fields, **synced})
        seen = (now + timedelta(seconds=self._settings.lag_seconds)).isoformat()
        whole = {**EXTERNAL_REFERENCES.defaults, **fields, **synced, "_visible_at": seen}
        return self._ledger.add(EXTERNAL_REFERENCES, whole, actor)

    def _same(self, fields: Fields) -> Record | None:
        there = self._ledger.reader().by("external_references", "subject_id", fields["subject_id"])
        same = ("subject_type", "service_name")
        return next((each for each in there if all(each[name] == fields[name] for name in same)), None)
