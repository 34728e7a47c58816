"""A request and its answer as plain values, so that a call can be kept and made later, by an asynchronous job."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from throughline.sandbox.netsuite.problems import CONTENT_TYPE, Problem

RESOURCE = "application/vnd.oracle.resource+json"
REST = "/services/rest"
INTEGRATION = "integration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`path` is the part below /services/rest, split and unquoted; `base` is the scheme and host the client used."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str
    actor: str = INTEGRATION

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")

    def prefers(self, what: str) -> bool:
        return what in (part.strip().lower() for part in self.header("Prefer").split(","))

    def url(self, *path: str) -> str:
        return f"{self.base}{REST}/{'/'.join(path)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content_type: str = RESOURCE


def refusal(problem: Problem) -> Reply:
    return Reply(status=problem.status, body=problem.body(), headers=dict(problem.headers), content_type=CONTENT_TYPE)
