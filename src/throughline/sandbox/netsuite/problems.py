"""What NetSuite says when it refuses: one problem document for everything, told apart by `o:errorCode`."""

from collections.abc import Mapping, Sequence
from typing import Any

CONTENT_TYPE = "application/vnd.oracle.resource+json; type=error"
_RFC = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"
_KNOWN = {
    400: ("Bad Request", "#sec10.4.1"),
    401: ("Unauthorized", ""),
    403: ("Forbidden", "#sec10.4.4"),
    404: ("Not Found", "#sec10.4.5"),
    405: ("Method Not Allowed", "#sec10.4.6"),
    406: ("Not Acceptable", "#sec10.4.7"),
    429: ("Too Many Requests", ""),
    500: ("Internal Server Error", "#sec10.5.1"),
    502: ("Bad Gateway", "#sec10.5.3"),
    503: ("Service Unavailable", "#sec10.5.4"),
}


class Problem(Exception):
    """A refusal on its way to the client. `where` holds `o:errorPath`, `o:errorQueryParam` or `o:errorHeader`."""

    def __init__(self, status: int, code: str, detail: str, *, where: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail = status, code, detail
        self.where: Mapping[str, str] = where or {}
        self.headers: dict[str, str] = {}
        title, anchor = _KNOWN.get(status, ("Error", ""))
        self.title, self.anchor = title, anchor

    def body(self) -> dict[str, Any]:
        return {
            "type": _RFC + self.anchor,
            "title": self.title,
            "status": self.status,
            "o:errorDetails": [{"detail": self.detail, "o:errorCode": self.code, **self.where}],
        }


def accessing(detail: str) -> str:
    """Business refusals all begin alike."""
    return f"Error while accessing a resource. {detail}"


def user_error(detail: str) -> Problem:
    return Problem(400, "USER_ERROR", accessing(detail))


def missing(titles: Sequence[str]) -> Problem:
    return user_error(f"Please enter value(s) for: {', '.join(titles)}")


def invalid_content(detail: str, path: str = "") -> Problem:
    return Problem(400, "INVALID_CONTENT", accessing(detail), where={"o:errorPath": path} if path else None)


def invalid_value(value: object, name: str, path: str) -> Problem:
    return invalid_content(f"You have entered an Invalid Field Value {value} for the following field: {name}", path)


def invalid_parameter(detail: str, parameter: str) -> Problem:
    return Problem(400, "INVALID_PARAMETER", detail, where={"o:errorQueryParam": parameter})


def invalid_header(detail: str, header: str) -> Problem:
    return Problem(400, "INVALID_HEADER", detail, where={"o:errorHeader": header})


def nonexistent() -> Problem:
    return Problem(404, "NONEXISTENT_ID", "The record instance does not exist. Provide a valid record instance ID.")


def no_such_resource(path: str) -> Problem:
    return Problem(404, "INVALID_URL", f"The requested resource '{path}' does not exist.", where={"o:errorUrl": path})


def not_allowed(method: str) -> Problem:
    return Problem(405, "INVALID_METHOD", f"The {method} method is not allowed on this resource.")


def taken(code: str, detail: str, path: str) -> Problem:
    return Problem(400, code, accessing(detail), where={"o:errorPath": path})


def login_refused() -> Problem:
    return Problem(
        401,
        "INVALID_LOGIN",
        "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at Setup > Users/Roles"
        " > User Management > View Login Audit Trail.",
    )


def too_many(code: str) -> Problem:
    return Problem(429, code, "Concurrent request limit exceeded. Request blocked.")


def changed() -> Problem:
    return Problem(400, "RCRD_HAS_BEEN_CHANGED", accessing("Record has been changed"))


def unexpected(error_id: str, status: int = 500) -> Problem:
    said = f"An unexpected error has occurred. Technical Support has been alerted to this problem. Error ID: {error_id}"
    return Problem(status, "UNEXPECTED_ERROR", said)


def sent_before(location: str) -> Problem:
    """An idempotency key seen before: a 400 that calls itself a conflict."""
    problem = Problem(
        400,
        "IDEMPOTENCY_ERROR",
        "A request with the same idempotency key is already submitted."
        ' See the "Location" header for a link to the previously submitted job',
    )
    problem.title, problem.anchor = "Conflict", "#sec10.4.10"
    problem.headers.update({"Location": location, "Preference-Applied": "respond-async"})
    return problem
