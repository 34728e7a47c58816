"""What a field accepts: a value from a request's body becomes the value on the shelf, or is refused in its dialect.

On the shelf, numbers are decimals written as text, and moments have Salesforce's own spelling.
"""

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from throughline.sandbox.salesforce.schema import NUMBERS, TEXTS, Field
from throughline.sandbox.salesforce.wire import Refused, spelled

type Stored = str | bool | None

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")


def taken(field: Field, given: Any) -> Stored:
    """Everything but references: those need the org to be checked."""
    if given is None or given == "":
        return False if field.type == "boolean" else None
    if field.type in TEXTS:
        return _text(field, given)
    if field.type in NUMBERS:
        return _number(field, given)
    if field.type == "boolean":
        return _flag(field, given)
    return _day(field, given) if field.type == "date" else _moment(field, given)


def unreadable(field: Field, given: Any) -> Refused:
    """Salesforce's parser speaks of its tokens, and refuses the whole request."""
    message = f"Cannot deserialize instance of {field.type} from {_token(given)} value {_shown(given)}"
    return Refused(400, "JSON_PARSER_ERROR", f"{message} or request may be missing a required field")


def _text(field: Field, given: Any) -> str | None:
    if not isinstance(given, str):
        raise unreadable(field, given)
    value = given.replace("\0", "").strip()
    if len(value) > field.length:
        message = f"{field.label}: data value too large: {value} (max length={field.length})"
        raise Refused(400, "STRING_TOO_LONG", message, (field.name,))
    if field.restricted and value and value not in field.choices:
        message = f"{field.label}: bad value for restricted picklist field: {value}"
        raise Refused(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, (field.name,))
    if field.type == "email" and value and not _EMAIL.fullmatch(value):
        message = f"{field.label}: invalid email address: {value}"
        raise Refused(400, "INVALID_EMAIL_ADDRESS", message, (field.name,))
    return value or None


def _number(field: Field, given: Any) -> str:
    if isinstance(given, bool) or not isinstance(given, (int, Decimal, str)):
        raise unreadable(field, given)
    try:
        number = Decimal(given)
    except InvalidOperation as error:
        raise unreadable(field, given) from error
    if not number.is_finite():
        raise unreadable(field, given)
    if abs(number) >= Decimal(10) ** (field.precision - field.scale):
        message = f"{field.label}: value outside of valid range on numeric field: {given}"
        raise Refused(400, "NUMBER_OUTSIDE_VALID_RANGE", message, (field.name,))
    return str(rounded(number, field.scale))


def rounded(number: Decimal, scale: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)


def _flag(field: Field, given: Any) -> bool:
    if isinstance(given, (bool, str)) and given in {True, False, "true", "false"}:
        return given in {True, "true"}
    raise unreadable(field, given)


def _day(field: Field, given: Any) -> str:
    if not isinstance(given, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", given, re.ASCII):
        raise unreadable(field, given)
    try:
        return date.fromisoformat(given).isoformat()
    except ValueError as error:
        raise unreadable(field, given) from error


def _moment(field: Field, given: Any) -> str:
    try:
        at = datetime.fromisoformat(given)
        text = spelled(at)
    except (TypeError, ValueError, OverflowError) as error:
        raise unreadable(field, given) from error
    if at.tzinfo is None:
        raise unreadable(field, given)
    return text


def _shown(given: Any) -> str:
    if isinstance(given, bool):
        return str(given).lower()
    return {dict: "{", list: "["}.get(type(given), str(given))


def _token(given: Any) -> str:
    if isinstance(given, bool):
        return f"VALUE_{str(given).upper()}"
    names = {
        str: "VALUE_STRING",
        int: "VALUE_NUMBER_INT",
        Decimal: "VALUE_NUMBER_FLOAT",
        dict: "START_OBJECT",
        list: "START_ARRAY",
    }
    return names.get(type(given), "VALUE_EMBEDDED_OBJECT")
