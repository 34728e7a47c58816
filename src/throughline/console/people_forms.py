"""What admins decide on the people pages: who comes in, as what, and with which keys."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from throughline.console.from_hub import people as drawn
from throughline.console.guard import who_asks
from throughline.console.pages import Pages
from throughline.console.rendering import render
from throughline.core.rights import PersonRole, Right, needs
from throughline.hub import access_keys, people, sessions
from throughline.hub.access_keys import LONGEST, Wanted
from throughline.hub.machine import Machine
from throughline.hub.people import NotAPerson


@dataclass(frozen=True, slots=True)
class PeopleForms:
    """`read` refuses a form that is not ours, and reads the others."""

    machine: Machine
    pages: Pages
    read: Callable[[Request], Awaitable[FormData]]

    def routes(self) -> list[Route]:
        posted = (
            ("/people", self._add),
            ("/people/{name}/change", self._change),
            ("/people/{name}/sign-out", self._sign_out),
            ("/people/{name}/remove", self._remove),
            ("/people/{name}/key", self._key_of),
            ("/access-keys", self._key),
            ("/access-keys/{id}/remove", self._remove_key),
        )
        return [Route(path, endpoint, methods=["POST"]) for path, endpoint in posted]

    @needs(Right.PEOPLE)
    async def _add(self, request: Request) -> Response:
        form, by = await self.read(request), who_asks(request).name
        name, roles = str(form.get("person", "")), _several(form, "roles")
        alone = await self.pages.admission.open()
        if alone and PersonRole.ADMIN not in roles:
            raise NotAPerson("Begin with an admin: from the first person on, only an admin lets others in.")
        await people.add(self.machine, name, roles=roles, legal_entities=_limits(form), by=by)
        if not alone:
            return RedirectResponse("/people", 303)
        # With this answer the door closes: whoever was let in needs what it is opened with.
        return await self._made(request, Wanted(name="browser", person=people.spelled(name)))

    @needs(Right.PEOPLE)
    async def _change(self, request: Request) -> Response:
        form, name = await self.read(request), request.path_params["name"]
        roles, by = _several(form, "roles"), who_asks(request).name
        await people.change(self.machine, name, roles=roles, legal_entities=_limits(form), by=by)
        return _to(name)

    @needs(Right.PEOPLE)
    async def _sign_out(self, request: Request) -> Response:
        await self.read(request)
        row = await people.one(self.machine, request.path_params["name"])
        await sessions.end_all(self.machine, row["name"], by=who_asks(request).name)
        return _to(row["name"])

    @needs(Right.PEOPLE)
    async def _remove(self, request: Request) -> Response:
        await self.read(request)
        await people.remove(self.machine, request.path_params["name"], by=who_asks(request).name)
        return RedirectResponse("/people", 303)

    @needs(Right.PEOPLE)
    async def _key_of(self, request: Request) -> Response:
        form, person = await self.read(request), request.path_params["name"]
        return await self._made(request, Wanted(name=_name(form), person=person, days=_days(form)))

    @needs(Right.PEOPLE)
    async def _key(self, request: Request) -> Response:
        form = await self.read(request)
        rights = tuple(_several(form, "rights"))
        return await self._made(request, Wanted(name=_name(form), rights=rights, days=_days(form)))

    @needs(Right.PEOPLE)
    async def _remove_key(self, request: Request) -> Response:
        await self.read(request)
        await access_keys.remove(self.machine, request.path_params["id"], by=who_asks(request).name)
        return RedirectResponse("/people", 303)

    async def _made(self, request: Request, wanted: Wanted) -> Response:
        """The key is shown in the answer to the form itself: it is nowhere to be asked for again."""
        shown = await access_keys.make(self.machine, wanted, by=who_asks(request))
        back = f"/people/{quote(wanted.person)}" if wanted.person else "/people"
        page = drawn.made(await self.pages.setting(request), name=wanted.name, secret=shown.secret or "", back=back)
        return HTMLResponse(render(page))


def _several(form: FormData, name: str) -> list[str]:
    return [str(each) for each in form.getlist(name)]


def _limits(form: FormData) -> list[str] | None:
    """Nothing ticked is no limit."""
    return _several(form, "legal_entities") or None


def _name(form: FormData) -> str:
    name = str(form.get("name", "")).strip()[:80]
    if not name:
        raise NotAPerson("Give the key a name, by which it is known in the list.")
    return name


def _days(form: FormData) -> int:
    said = str(form.get("days", ""))
    if not said.isdigit() or not 1 <= int(said) <= LONGEST.days:
        raise NotAPerson(f"Say after how many days the key is over: 1 to {LONGEST.days}.")
    return int(said)


def _to(name: str) -> Response:
    return RedirectResponse(f"/people/{quote(people.spelled(name))}", 303)
