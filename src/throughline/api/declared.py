"""What the API declares: each of its addresses, with the right it needs."""

from collections.abc import Iterable, Iterator

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute, Route

from throughline.core.declared import Declared
from throughline.core.rights import needed_by


def declared(application: FastAPI, routers: Iterable[tuple[str, APIRouter]]) -> tuple[Declared, ...]:
    """In the order they are tried: the routers under their prefixes, and what the application has itself."""
    own = [("", application.routes), *((prefix, router.routes) for prefix, router in routers)]
    return tuple(each for prefix, routes in own for route in routes for each in _of(prefix, route))


def _of(prefix: str, route: BaseRoute) -> Iterator[Declared]:
    if isinstance(route, Route):
        for method in sorted((route.methods or set()) - {"HEAD"}):
            yield Declared(method, prefix + route.path, needed_by(route.endpoint))
