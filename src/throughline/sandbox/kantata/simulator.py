"""The Kantata simulator: routes to the engine, with a bearer token, limits and a request id on every answer."""

import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import ClassVar

from aiohttp import web

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.faults import Fault
from throughline.sandbox.kantata import actions
from throughline.sandbox.kantata.auth import CLIENT_ID, CLIENT_SECRET, TOKEN, Auth
from throughline.sandbox.kantata.bodies import body, one, one_or_many
from throughline.sandbox.kantata.controls import Controls
from throughline.sandbox.kantata.errors import Refused, bad_request, invalid, not_found, system
from throughline.sandbox.kantata.events import Events, event_types, schemas
from throughline.sandbox.kantata.filters import DEFAULTS, tests
from throughline.sandbox.kantata.hiring import ADMINISTRATOR
from throughline.sandbox.kantata.ledger import Ledger
from throughline.sandbox.kantata.limits import Limits, too_many
from throughline.sandbox.kantata.listing import cut, ordered, select, wish_of
from throughline.sandbox.kantata.presenting import Page, Presenter
from throughline.sandbox.kantata.reading import Indexes, Reader, Record
from throughline.sandbox.kantata.records import Records
from throughline.sandbox.kantata.references import References
from throughline.sandbox.kantata.schema import COLLECTIONS
from throughline.sandbox.kantata.schema.shape import Collection
from throughline.sandbox.kantata.seed import seed
from throughline.sandbox.kantata.settings import Settings
from throughline.sandbox.shelf import Shelf
from throughline.sandbox.simulator import Handler, Simulator

API = "/api/v1"
# What may be created less often than anything else is asked for.
TIGHT = frozenset({"workspaces", "account_invitations"})
NAME, ID, SUFFIX = "{collection:[a-z_]+}", r"{id:\d+}", r"{suffix:(?:\.json)?}"
SHEETS = "{collection:timesheet_submissions|expense_report_submissions}"

type Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Kantata(Simulator):
    name: ClassVar[str] = "kantata"

    def __init__(self, *, clock: SandboxClock, shelf: Shelf, chance: random.Random) -> None:
        super().__init__(clock=clock, shelf=shelf, chance=chance)
        now = self.clock.now
        self.indexes = Indexes(self.shelf)
        self.settings = Settings(self.shelf)
        self.events = Events(self.shelf, now, self.settings, self.chance)
        self.records = self._records(Ledger(self.shelf, self.indexes, now, self.events.tell))
        self.limits = Limits(now, self.settings)
        self.auth = Auth(self.shelf, now, self._mint)
        self.controls = Controls(self.records, self.settings, self.auth)

    def _records(self, ledger: Ledger) -> Records:
        return Records(ledger, References(ledger, self.settings))

    def _mint(self) -> str:
        return f"{self.chance.getrandbits(256):064x}"

    def handout(self) -> dict[str, str]:
        """What a client needs to know besides the address."""
        return {"token": TOKEN, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

    def seed(self) -> None:
        self.limits.clear()
        self.indexes.clear()
        seed(self.shelf, self.indexes, self.clock.now(), self._records)

    def refuse(self, fault: Fault) -> web.Response:
        match fault.kind:
            case "throttle":
                return too_many().response()
            case "lock":
                locked = "This record is locked and cannot be changed right now"
                return Refused(422, [invalid("base", locked)]).response()
            case "maintenance":
                return system(503, "Service is unavailable: scheduled maintenance is in progress").response()
            case _:
                return system(fault.status, "Something went wrong").response()

    def app(self) -> web.Application:
        app = super().app()
        app.on_response_prepare.append(self._number)
        return app

    async def _number(self, _request: web.Request, response: web.StreamResponse) -> None:
        response.headers["x-request-id"] = f"{self.chance.getrandbits(128):032x}"

    def routes(self) -> Iterable[web.RouteDef]:
        yield from self.controls.routes()
        yield web.get("/oauth/authorize", self._guard(self.auth.authorize))
        yield web.post("/oauth/token", self._guard(self.auth.token))
        for method, path, answer in self._api():
            yield web.route(method, f"{API}{path}{SUFFIX}", self._guard(self._admitted(answer)))
        yield web.route("*", "/{path:.*}", self._guard(self._nowhere))

    def _api(self) -> Iterable[tuple[str, str, Answer]]:
        yield "GET", "/subscribed_events/event_types", self._event_types
        yield "POST", "/external_references/create_or_update", self._reference
        yield "GET", "/users/me", self._me
        yield "PUT", f"/{SHEETS}/{ID}/{{action:approve|reject|cancel}}", self._decide
        yield "PUT", f"/invoices/{ID}/cancel", self._cancel_invoice
        yield "GET", f"/{NAME}", self._index
        yield "POST", f"/{NAME}", self._create
        yield "GET", f"/{NAME}/{ID}", self._show
        yield "PUT", f"/{NAME}/{ID}", self._update
        yield "DELETE", f"/{NAME}/{ID}", self._delete

    def _guard(self, answer: Answer) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                return await answer(request)
            except Refused as refused:
                return refused.response()

        return guarded

    def _admitted(self, answer: Answer) -> Answer:
        async def admitted(request: web.Request) -> web.StreamResponse:
            self.auth.check(request)
            tight = request.method == "POST" and request.match_info.get("collection") in TIGHT
            self.limits.take(creates_project=tight)
            return await answer(request)

        return admitted

    # Reading

    async def _index(self, request: web.Request) -> web.Response:
        collection, query, reader = _collection(request), _query(request), self.records.ledger.reader()
        if collection.name == "external_references" and self.settings.references_need_subject_type:
            _insist(query, "subject_type")
        found = select(self._visible(collection, reader), tests(collection, reader, query, self._seen))
        page, about = cut(collection, ordered(collection, reader, found, query.get("order", "")), query)
        return web.json_response(Presenter(reader, wish_of(query)).envelope(collection, page, about))

    async def _show(self, request: web.Request) -> web.Response:
        """Not there, and hidden by a filter Kantata applies unasked, are the same answer."""
        collection, query = _collection(request), _query(request)
        if collection.name in ("external_references", "subscribed_events"):
            raise not_found()
        record = self.records.get(collection, request.match_info["id"])
        hidden = DEFAULTS.get(collection.name) if collection.name == "workspaces" else None
        if hidden and not select([record], hidden(query)):
            raise not_found()
        return self._one(collection, record, request)

    async def _me(self, request: web.Request) -> web.Response:
        users = COLLECTIONS["users"]
        return self._one(users, self.records.get(users, self._actor()), request)

    async def _event_types(self, _request: web.Request) -> web.Response:
        types = sorted(event_types())
        return web.json_response({"subscribed_event_types": types, "subscribed_event_type_schemas": schemas()})

    def _visible(self, collection: Collection, reader: Reader) -> Iterable[Record]:
        if collection.name == "subscribed_events":
            return self.events.current()
        if collection.name == "external_references":
            return filter(self._seen, reader.all(collection.name))
        return reader.all(collection.name)

    def _seen(self, reference: Record) -> bool:
        return self.records.references.visible(reference)

    # Writing

    async def _create(self, request: web.Request) -> web.Response:
        collection = _collection(request)
        if not collection.create:
            raise not_found()
        wanted = one_or_many(collection, await body(request))
        made = self.records.create(collection, wanted, self._actor())
        return self._many(collection, made, request)

    async def _update(self, request: web.Request) -> web.Response:
        collection = _collection(request)
        if not collection.update:
            raise not_found()
        wanted = one(collection, await body(request))
        record = self.records.update(collection, request.match_info["id"], wanted, self._actor())
        return self._one(collection, record, request)

    async def _delete(self, request: web.Request) -> web.Response:
        collection = _collection(request)
        if not collection.deletable:
            raise not_found()
        self.records.delete(collection, request.match_info["id"], self._actor())
        return web.Response(status=204)

    async def _reference(self, request: web.Request) -> web.Response:
        collection = COLLECTIONS["external_references"]
        wanted = one(collection, await body(request))
        return self._one(collection, self.records.references.create_or_update(wanted, self._actor()), request)

    async def _decide(self, request: web.Request) -> web.Response:
        told = (await body(request)).get("description")
        where, sheets = request.match_info, _collection(request)
        sheet = actions.decide(
            self.records, sheets, where["id"], where["action"], actor=self._actor(), description=told
        )
        return self._one(sheets, sheet, request)

    async def _cancel_invoice(self, request: web.Request) -> web.Response:
        invoice = actions.cancel_invoice(self.records, request.match_info["id"], self._actor())
        return self._one(COLLECTIONS["invoices"], invoice, request)

    async def _nowhere(self, _request: web.Request) -> web.Response:
        raise not_found()

    def _one(self, collection: Collection, record: Record, request: web.Request) -> web.Response:
        return self._many(collection, [record], request)

    def _many(self, collection: Collection, records: list[Record], request: web.Request) -> web.Response:
        presenter = Presenter(self.records.ledger.reader(), wish_of(_query(request)))
        return web.json_response(presenter.envelope(collection, records, Page(count=len(records))))

    def _actor(self) -> str:
        """Every token is the administrator's."""
        return self.records.ledger.reader().by("users", "email_address", ADMINISTRATOR)[0]["id"]


def _collection(request: web.Request) -> Collection:
    collection = COLLECTIONS.get(request.match_info["collection"])
    if not collection:
        raise not_found()
    return collection


def _query(request: web.Request) -> Mapping[str, str]:
    """`a[]=1&a[]=2` and `a=1,2` mean the same."""
    names = dict.fromkeys(request.query)
    return {name.removesuffix("[]"): ",".join(request.query.getall(name)) for name in names}


def _insist(query: Mapping[str, str], name: str) -> None:
    if not query.get(name):
        raise bad_request(f"{name} is required")
