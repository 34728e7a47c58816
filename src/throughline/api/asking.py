"""What every endpoint is handed: the machine, a page size, a cursor; and the refusal of what nobody asked for."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from throughline.api.problems import Pointed, Wrong
from throughline.core.rights import Who
from throughline.hub.machine import Machine


def _machine(request: Request) -> Machine:
    return request.app.state.machine


def _actor(request: Request) -> str:
    return request.state.who.name


def _who(request: Request) -> Who:
    return request.state.who


Actor = Annotated[str, Depends(_actor)]
"""Under which name what is done is written down."""
Caller = Annotated[Who, Depends(_who)]
TheMachine = Annotated[Machine, Depends(_machine)]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.", examples=[50])]
Cursor = Annotated[
    str | None,
    Query(max_length=1000, description="`next` of the page before, as it was given.", examples=["kQ1f0bZzS8yX2w"]),
]


def refuse_unknown_parameters(request: Request) -> None:
    """A misspelt filter would silently show everything."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = _names(route.dependant)
    if unknown := [name for name in request.query_params if name not in known]:
        said = f"Unknown parameter. Known: {', '.join(sorted(known)) or 'none'}."
        raise Wrong("invalid", errors=tuple(Pointed(pointer=f"query:{name}", detail=said) for name in unknown))


def link_next(request: Request, response: Response, cursor: str | None) -> None:
    """The next page as a header (RFC 8288), for clients that follow links."""
    if cursor:
        query = urlencode(
            [*((k, v) for k, v in request.query_params.multi_items() if k != "cursor"), ("cursor", cursor)]
        )
        response.headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'


def _names(dependant: Dependant) -> set[str]:
    own = {each.alias for each in dependant.query_params}
    return own.union(*(_names(each) for each in dependant.dependencies))
