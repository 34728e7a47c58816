"""What goes over the wire: a call, an answer, a refusal, and numbers and moments the way Salesforce spells them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

_MARKED = re.compile(r'"\\u0000(-?[0-9.]+)\\u0000"')


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the data API; `path` is what follows `root`, as in `/services/data/v60.0`."""

    method: str
    root: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Any = None

    def fields(self) -> dict[str, Any]:
        """The body, when it must be an object."""
        if not isinstance(self.body, dict):
            raise Refused(400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no object.")
        return self.body

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() == "true"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Refused(Exception):
    """Salesforce said no: the HTTP status, and the error as it stands in the array."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message, self.fields = status, code, message, fields

    def answer(self) -> Answer:
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return Answer(self.status, [error | ({"fields": list(self.fields)} if self.fields else {})])

    def result(self) -> dict[str, Any]:
        """The spelling inside a collection: `statusCode`, where a whole answer says `errorCode`."""
        error = {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}
        return {"success": False, "errors": [error]}


def not_found() -> Refused:
    return Refused(404, "NOT_FOUND", "The requested resource does not exist")


def loads(text: bytes | str) -> Any:
    """Numbers with a fraction are read as decimals."""
    try:
        return json.loads(text, parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise Refused(400, "JSON_PARSER_ERROR", "Invalid UTF-8 in the request body at [line:1, column:1]") from error
    except json.JSONDecodeError as error:
        where = f"[line:{error.lineno}, column:{error.colno}]"
        if error.pos >= len(error.doc):
            raise Refused(400, "JSON_PARSER_ERROR", f"Unexpected end-of-input at {where}") from error
        letter = error.doc[error.pos]
        message = f"Unexpected character ('{letter}' (code {ord(letter)})): {error.msg} at {where}"
        raise Refused(400, "JSON_PARSER_ERROR", message) from error


def dumps(body: Any) -> str:
    """Decimals become JSON numbers without passing through a binary float."""
    return _MARKED.sub(r"\1", json.dumps(body, default=_marked))


def _marked(value: object) -> str:
    if not isinstance(value, Decimal):
        raise TypeError(f"{value!r} has no spelling in JSON")
    plain = format(value.normalize(), "f")
    return f"\0{plain if '.' in plain else plain + '.0'}\0"


def spelled(at: datetime) -> str:
    """The only spelling Salesforce answers with: UTC, whole seconds, a numeric zone without a colon."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
