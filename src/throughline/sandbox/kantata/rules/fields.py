"""What Kantata insists on for custom fields and for the people who carry unique names."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from throughline.sandbox.kantata.errors import Problem, invalid
from throughline.sandbox.kantata.rules.check import Check
from throughline.sandbox.kantata.schema import BY_MODEL


def custom_field(check: Check) -> Iterable[Problem]:
    check.record.setdefault("creator_id", check.actor)
    return ()


def custom_field_value(check: Check) -> Iterable[Problem]:
    record = check.record
    record["setter_id"] = check.actor
    collection = BY_MODEL.get(record["subject_type"])
    if not collection or "custom_field_values" not in collection.links:
        yield invalid("subject_type", "Subject type is not included in the list")
    elif not check.reader.get(collection.name, record["subject_id"]):
        yield invalid("subject_id", "Subject must exist")
    field = check.other("custom_fields", "custom_field_id")
    if field and not fits(field["value_type"], record["value"]):
        yield invalid("value", f"Value is not a {field['value_type']}")
    if check.creating and any(_same(check, each) for each in _there(check)):
        yield invalid("custom_field_id", "Custom field has already been taken")


def _there(check: Check) -> list[dict[str, Any]]:
    return check.reader.by("custom_field_values", "custom_field_id", check.record["custom_field_id"])


def _same(check: Check, other: dict[str, Any]) -> bool:
    return all(other[name] == check.record[name] for name in ("subject_type", "subject_id"))


def fits(value_type: str, value: Any) -> bool:
    match value_type:
        case "number":
            return not isinstance(value, bool) and str(value).removeprefix("-").isdecimal()
        case "date":
            return _is_date(value)
        case "currency":
            return isinstance(value, list) and len(value) == 2 and fits("number", value[0])
        case _:
            return isinstance(value, str)


def _is_date(value: Any) -> bool:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def role(check: Check) -> Iterable[Problem]:
    same = check.reader.by("roles", "name", check.record["name"])
    if any(each["id"] != check.record.get("id") for each in same):
        yield invalid("name", "Name has already been taken")


def invitation(check: Check) -> Iterable[Problem]:
    check.record["inviter_id"] = check.record["inviter_id"] or check.actor
    address = str(check.record["email_address"]).lower()
    check.record["email_address"] = address
    if check.creating and check.reader.by("users", "email_address", address):
        yield invalid("email_address", "Email address has already been taken")


RULES: dict[str, Callable[[Check], Iterable[Problem]]] = {
    "custom_fields": custom_field,
    "custom_field_values": custom_field_value,
    "roles": role,
    "account_invitations": invitation,
}
