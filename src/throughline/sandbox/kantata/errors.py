"""How Kantata says no: an `errors` list whose entries have a type, a message and, for validations, a field."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

type Kind = Literal["oauth", "system", "validation"]


@dataclass(frozen=True, slots=True)
class Problem:
    kind: Kind
    message: str
    field: str | None = None

    def as_json(self) -> dict[str, str]:
        entry = {"type": str(self.kind), "message": self.message}
        return {**entry, "field": self.field} if self.field else entry


class Refused(Exception):
    """An answer other than success, on its way out."""

    def __init__(self, status: int, problems: Iterable[Problem]) -> None:
        self.status, self.problems = status, tuple(problems)
        super().__init__("; ".join(problem.message for problem in self.problems))

    def response(self) -> web.Response:
        return web.json_response({"errors": [problem.as_json() for problem in self.problems]}, status=self.status)


def invalid(field: str, message: str) -> Problem:
    return Problem("validation", message, field)


def bad_request(message: str) -> Refused:
    return Refused(400, [Problem("system", message)])


def unauthorized() -> Refused:
    return Refused(401, [Problem("oauth", "Invalid OAuth 2 Request")])


def not_found() -> Refused:
    return Refused(404, [Problem("system", "Page Not Found")])


def system(status: int, message: str) -> Refused:
    return Refused(status, [Problem("system", message)])
