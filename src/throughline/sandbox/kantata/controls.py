"""Levers under `/__sandbox__/` that only this vendor has: people's edits, revoked tokens, lag, limits, events."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from throughline.sandbox.kantata.actions import OUTCOMES, decide
from throughline.sandbox.kantata.auth import TOKEN, Auth
from throughline.sandbox.kantata.bodies import body
from throughline.sandbox.kantata.errors import Refused, bad_request, not_found
from throughline.sandbox.kantata.hiring import ADMINISTRATOR
from throughline.sandbox.kantata.presenting import plain
from throughline.sandbox.kantata.records import Records
from throughline.sandbox.kantata.schema import COLLECTIONS
from throughline.sandbox.kantata.schema.approvals import HANDED_IN
from throughline.sandbox.kantata.schema.shape import Collection
from throughline.sandbox.kantata.settings import Settings
from throughline.sandbox.kantata.totals import totals
from throughline.sandbox.kantata.week import Shift, Week
from throughline.sandbox.simulator import CONTROL, Handler

type Lever = Callable[[web.Request], Awaitable[Any]]

ACTOR = "pm.uk@halyard.example"
READ_ONLY = ("subscribed_events", "external_references")


class Controls:
    def __init__(self, records: Records, settings: Settings, auth: Auth) -> None:
        self._records, self._settings, self._auth = records, settings, auth

    def routes(self) -> Iterable[web.RouteDef]:
        yield web.post(f"{CONTROL}/revoke", self._answer(self._revoke))
        yield web.post(f"{CONTROL}/time", self._answer(self._time))
        yield web.get(f"{CONTROL}/totals", self._answer(self._totals))
        yield web.get(f"{CONTROL}/settings", self._answer(self._read_settings))
        yield web.post(f"{CONTROL}/settings", self._answer(self._set))
        yield web.post(f"{CONTROL}/lag", self._answer(self._lag))
        yield web.post(f"{CONTROL}/limits", self._answer(self._limits))
        yield web.post(f"{CONTROL}/events", self._answer(self._events))
        yield web.post(f"{CONTROL}/records/{{collection}}", self._answer(self._edit))
        yield web.post(f"{CONTROL}/decisions/{{collection}}/{{id}}", self._answer(self._decide))
        yield web.delete(f"{CONTROL}/records/{{collection}}/{{id}}", self._answer(self._delete))

    def _answer(self, lever: Lever) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                return web.json_response(await lever(request))
            except Refused as refused:
                return refused.response()
            except (ValueError, KeyError) as error:
                return web.json_response({"error": str(error)}, status=422)

        return answer

    async def _revoke(self, request: web.Request) -> dict[str, Any]:
        """`{"revoked": false}` gives the token back."""
        wanted = await body(request)
        token, revoked = wanted.get("token", TOKEN), wanted.get("revoked", True)
        self._auth.revoke(token, revoked=revoked)
        return {"token": token, "revoked": revoked}

    async def _time(self, request: web.Request) -> dict[str, Any]:
        """A week of work: `{"entries": n, "people": n, "projects": n}`; `week` is its Monday, or this one's.

        `on` names the projects by id; without it the first ones are worked on.
        """
        wanted, today = await body(request), self._records.ledger.now().date()
        said = wanted.pop("week", None)
        monday = date.fromisoformat(said) if said else today - timedelta(days=today.weekday())
        try:
            week = Week(monday=monday, on=tuple(str(each) for each in wanted.pop("on", ())), **wanted)
        except TypeError as error:
            raise bad_request(f"a week of work is not understood: {error}") from error
        administrator = self._records.ledger.reader().by("users", "email_address", ADMINISTRATOR)[0]["id"]
        return await Shift(self._records, week, administrator).work()

    async def _totals(self, _request: web.Request) -> dict[str, Any]:
        return totals(self._records.ledger.reader())

    async def _read_settings(self, _request: web.Request) -> dict[str, Any]:
        return self._settings.as_json()

    async def _set(self, request: web.Request) -> dict[str, Any]:
        return self._settled(**await request.json())

    async def _lag(self, request: web.Request) -> dict[str, Any]:
        return self._settled(lag_seconds=(await request.json())["seconds"])

    async def _limits(self, request: web.Request) -> dict[str, Any]:
        """`{"general": n, "workspaces": n, "window": seconds}`, each of them optional."""
        names = {"general": "general_limit", "workspaces": "workspaces_limit", "window": "window_seconds"}
        return self._settled(**{names[name]: value for name, value in (await request.json()).items()})

    async def _events(self, request: web.Request) -> dict[str, Any]:
        """`duplicate` is the share written twice; `delay` is the longest they take to appear, each its own time."""
        names = {"duplicate": "event_duplicates", "delay": "event_delay_seconds"}
        return self._settled(**{names[name]: value for name, value in (await request.json()).items()})

    def _settled(self, **wanted: Any) -> dict[str, Any]:
        self._settings.set(**wanted)
        return self._settings.as_json()

    async def _edit(self, request: web.Request) -> dict[str, Any]:
        """A person's edit, outside our integration. `?as=` is their email; an id in the body means update."""
        collection, fields = _collection(request), await body(request)
        actor, id_ = self._person(request), str(fields.pop("id", ""))
        if id_:
            record = self._records.update(collection, id_, fields, actor, by_hand=True)
        else:
            record = self._records.create(collection, [fields], actor, by_hand=True)[0]
        return plain(collection, record, frozenset(collection.optional))

    async def _decide(self, request: web.Request) -> dict[str, Any]:
        """`{"action": "approve"}`, or reject, or cancel: the decision of a person, `?as=` is their email."""
        sheets, told = _collection(request), await body(request)
        if sheets.name not in HANDED_IN or told.get("action") not in OUTCOMES:
            raise bad_request(f"decide on {' or '.join(HANDED_IN)}, and give an action: {', '.join(OUTCOMES)}")
        actor, id_ = self._person(request), request.match_info["id"]
        sheet = decide(self._records, sheets, id_, told["action"], actor=actor, description=told.get("description"))
        return plain(sheets, sheet, frozenset(sheets.optional))

    async def _delete(self, request: web.Request) -> dict[str, Any]:
        self._records.delete(_collection(request), request.match_info["id"], self._person(request), by_hand=True)
        return {"deleted": request.match_info["id"]}

    def _person(self, request: web.Request) -> str:
        email = request.query.get("as", ACTOR)
        people = self._records.ledger.reader().by("users", "email_address", email)
        if not people:
            raise bad_request(f"there is no user {email}; name one with ?as=")
        return people[0]["id"]


def _collection(request: web.Request) -> Collection:
    name = request.match_info["collection"]
    if name not in COLLECTIONS or name in READ_ONLY:
        raise not_found()
    return COLLECTIONS[name]
