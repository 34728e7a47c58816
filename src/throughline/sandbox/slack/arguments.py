"""What a client sends to a method, whichever way it sends it, and how Slack says no."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

TRUE, FALSE = ("1", "true", "True"), ("0", "false", "False", "")


class Refused(Exception):
    """An answer `{"ok": false, "error": ...}`, still HTTP 200."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.body: dict[str, Any] = {"ok": False, "error": error, **more}


def invalid(message: str) -> Refused:
    return Refused("invalid_arguments", response_metadata={"messages": [f"[ERROR] {message}"]})


class Arguments:
    """A method's arguments: JSON values and form strings read alike, as Slack does."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def get(self, name: str) -> Any:
        return self._given.get(name)

    def all(self) -> dict[str, Any]:
        return dict(self._given)

    def text(self, name: str, default: str = "") -> str:
        value = self._given.get(name)
        if value is None:
            return default
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value)
        raise invalid(f"must be a string [json-pointer:/{name}]")

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise invalid(f"missing required field: {name}")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self._given.get(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        if str(value) in TRUE + FALSE:
            return str(value) in TRUE
        raise invalid(f"must be a boolean [json-pointer:/{name}]")

    def number(self, name: str, default: int, *, most: int) -> int:
        value = self.text(name)
        if not value:
            return default
        if not value.isdigit() or not 1 <= int(value) <= most:
            raise Refused("invalid_limit")
        return int(value)

    def structure(self, name: str, *, error: str) -> Any:
        """A nested argument: a value in JSON, a string of JSON in a form."""
        value = self._given.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise Refused(error) from None


async def read(request: web.Request) -> tuple[Arguments, list[str]]:
    """The arguments of a call, and what Slack warns of in how they were sent."""
    given: dict[str, Any] = dict(request.query)
    if request.method != "POST":
        return Arguments(given), []
    if request.content_type != "application/json":
        given |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        superfluous = request.charset and request.content_type == "application/x-www-form-urlencoded"
        return Arguments(given), ["superfluous_charset"] if superfluous else []
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        raise Refused("invalid_json") from None
    if not isinstance(body, dict):
        raise Refused("json_not_object")
    # A token in a JSON body is not read: https://api.slack.com/web#slack-web-api__basics__post-bodies
    given |= {name: value for name, value in body.items() if name != "token"}
    return Arguments(given), [] if request.charset else ["missing_charset"]
