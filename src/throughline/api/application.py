"""The API, put together: every noun's routes, one shape of error, and its description."""

from importlib.metadata import version
from typing import Any

from fastapi import Depends, FastAPI
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from throughline.api import (
    access_keys,
    accounts,
    archives,
    audit,
    batches,
    boards,
    captures,
    causes,
    clocks,
    dead_letters,
    engagements,
    events,
    find,
    hands,
    health,
    holds,
    kpis,
    meta,
    metrics,
    people,
    plans,
    portal,
    problems,
    quoting,
    reconciliation,
    replays,
    runs,
    subscriptions,
    systems,
    usage,
)
from throughline.api.asking import refuse_unknown_parameters
from throughline.api.declared import declared
from throughline.api.edge import Tagged
from throughline.api.guard import Guarded
from throughline.api.problems import CATALOGUE, MEDIA_TYPE, Problem, Wrong
from throughline.core.declared import Declared
from throughline.core.rights import Right, needs
from throughline.hub.admission import Admission
from throughline.hub.figures import Tally
from throughline.hub.horizon import Horizon
from throughline.hub.machine import Machine
from throughline.hub.pulse import Pulse

PREFIX = "/api/v1"
TAGS = [
    {"name": "experience", "description": "What became of a won deal, across all systems."},
    {"name": "process", "description": "Runs, holds and events: the machine at work."},
    {"name": "system", "description": "Installed systems, what was said to them, and how this installation is."},
]
NOUNS = (
    accounts, engagements, find, holds, hands, causes, batches, reconciliation, kpis, clocks, boards, runs, plans,
    quoting, dead_letters, replays, events, subscriptions, systems, captures, archives, audit, portal, usage, meta,
    people, access_keys,
)  # fmt: skip
ROUTERS = (*((PREFIX, noun.router) for noun in NOUNS), ("", health.router), ("", metrics.router))


def api(machine: Machine, admission: Admission, pulse: Pulse) -> ASGIApp:
    """The API behind its guard."""
    application = described()
    application.state.machine = machine
    application.state.pulse = pulse
    application.state.horizon = Horizon(machine.pool)
    application.state.tally = Tally(machine.pool)
    return Guarded(Tagged(application), admission, addresses(application))


def described() -> FastAPI:
    """All routes and their description; to answer, it has to be given a machine."""
    application = FastAPI(
        title="Throughline",
        summary="What a services firm sold, planned, worked, billed and was paid, in one line.",
        version=version("throughline"),
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        openapi_tags=TAGS,
        generate_unique_id_function=lambda route: route.name,
        dependencies=[Depends(refuse_unknown_parameters)],
        responses={"default": _a_problem()},
    )
    problems.install(application)
    for prefix, router in ROUTERS:
        application.include_router(router, prefix=prefix)
    application.add_api_route("/problems/{code}", explain_problem, response_class=PlainTextResponse, tags=["system"])
    _describe(application)
    for route in application.routes:
        if isinstance(route, Route) and route.path == application.openapi_url:
            needs(Right.READ)(route.endpoint)
    return application


def addresses(application: FastAPI) -> tuple[Declared, ...]:
    """Everything the API answers, with the right each needs."""
    return declared(application, ROUTERS)


@needs(Right.READ)
async def explain_problem(code: str) -> PlainTextResponse:
    """What a problem's `type` means, and what to do."""
    if code not in CATALOGUE:
        raise Wrong("not_found", f"There is no problem called {code}.")
    status, title, advice = CATALOGUE[code]
    return PlainTextResponse(f"{code} (status {status})\n{title}.\n{advice}\n")


def _a_problem() -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": "A problem (RFC 9457).", "content": {MEDIA_TYPE: {"schema": schema}}}


def _describe(application: FastAPI) -> None:
    """FastAPI's own 422 is never sent: what is sent is a problem, and the description says so."""
    written = application.openapi

    def openapi() -> dict[str, Any]:
        if application.openapi_schema:
            return application.openapi_schema
        document = written()
        schemas = document["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        whole = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(whole.pop("$defs"))
        schemas["Problem"] = whole
        for path in document["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"key": []}, {}]
        return document

    application.openapi = openapi
