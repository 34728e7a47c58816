"""The desk's forms: what people do with a hold, a cause, or many holds at once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypedDict, cast, get_args

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from throughline.console import cuts
from throughline.console.from_hub import batches as pages
from throughline.console.guard import keep_form_token, who_asks
from throughline.console.pages import Pages
from throughline.console.rendering import render
from throughline.core.rights import Right, needs
from throughline.hub.desk import batches, causes, correcting, hands
from throughline.hub.desk.batches import Action, NoSuchBatch, Order
from throughline.hub.desk.causes import NoSuchCause
from throughline.hub.machine import Machine
from throughline.store import batches as stored
from throughline.store.queue import Wanted

type Form = Callable[[Request], Awaitable[FormData]]

# What these errors mean on a page: status, what happened, what to do.
OF_THE_DESK: dict[type[Exception], tuple[int, str, str]] = {
    NoSuchCause: (404, "No such cause", "Go to the causes and choose one."),
    NoSuchBatch: (404, "No such batch", "Go to the batches and choose one."),
}
NO_REASON = "no reason was given"
# Enough to know what the ticked, or the first of those that fit, can be answered with.
LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class DeskForms:
    """Each form does one thing in the hub and leads to where it can be seen."""

    machine: Machine
    pages: Pages
    form: Form

    def routes(self) -> list[Route]:
        posts = {
            "/batches/new": self._foretell,
            "/batches": self._begin,
            "/batches/{id}/cancel": self._cancel,
            "/causes/{id}/clear": self._clear,
            "/causes/{id}/split": self._split,
            "/causes/{id}/merge": self._merge,
            "/causes/{id}/part": self._part,
            "/causes/{id}/resolve": self._resolve_cause,
            "/holds/{id}/assign": self._assign,
            "/holds/{id}/correct": self._correct,
            "/holds/{id}/snooze": self._snooze,
            "/holds/{id}/note": self._note,
            "/holds/{id}/resolve": self._resolve,
        }
        return [Route(path, endpoint, methods=["POST"]) for path, endpoint in posts.items()]

    @needs(Right.DECIDE)
    async def _foretell(self, request: Request) -> Response:
        """What a batch would be about. Nothing begins."""
        form = await self.form(request)
        said = cuts.kept(_texts(form))
        ids = _ids(form) if form.get("scope") != "all" else ()
        if form.get("scope") == "ticked" and not ids:
            raise HTTPException(400)
        setting = await self.pages.setting(request)
        order = self._order(request, form, "release", said, ids)
        preview = await batches.preview(self.machine, order)
        rows = await stored.candidates(self.machine.pool, order.wanted, limit=LOOKED_AT)
        answers = list(dict.fromkeys(choice for row in rows for choice in row["choices"]))
        hidden = [*(() if ids else said.items()), *(("id", id_) for id_ in ids)]
        options = f" {' '.join(ids)}" if ids else cuts.options(said, now=setting.now)
        page = pages.new(setting, preview, answers, hidden, back=f"/holds{cuts.query(said)}", options=options)
        return keep_form_token(request, HTMLResponse(render(page)))

    @needs(Right.DECIDE)
    async def _begin(self, request: Request) -> Response:
        form = await self.form(request)
        action = _text(form, "action")
        if action not in get_args(Action.__value__):
            raise HTTPException(400)
        order = self._order(request, form, cast("Action", action), cuts.kept(_texts(form)), _ids(form))
        expect = _text(form, "expect")
        ready = replace(order, expect=int(expect) if expect.isascii() and expect.isdigit() else None)
        return RedirectResponse(f"/batches/{await batches.begin(self.machine, ready)}", 303)

    def _order(
        self, request: Request, form: FormData, action: Action, said: dict[str, str], ids: tuple[str, ...]
    ) -> Order:
        wanted = Wanted(ids=ids) if ids else cuts.wanted(said, now=self.machine.clock())
        until = _text(form, "until")
        return Order(
            action,
            wanted,
            who_asks(request).name,
            _text(form, "reason") or NO_REASON,
            choice=_text(form, "choice") or None if action == "answer" else None,
            to=_text(form, "to") or None if action == "assign" else None,
            until=_day(until) if action == "snooze" and until else None,
            canary=bool(form.get("canary")),
        )

    @needs(Right.DECIDE)
    async def _cancel(self, request: Request) -> Response:
        await self.form(request)
        id_ = request.path_params["id"]
        await batches.cancel(self.machine, id_, person=who_asks(request).name)
        return RedirectResponse(f"/batches/{id_}", 303)

    @needs(Right.DECIDE)
    async def _clear(self, request: Request) -> Response:
        form, id_ = await self.form(request), request.path_params["id"]
        order = batches.clearing(id_, person=who_asks(request).name, reason=_text(form, "reason") or NO_REASON,
                                 choice=_text(form, "choice") or None)  # fmt: skip
        return RedirectResponse(f"/batches/{await batches.begin(self.machine, order)}", 303)

    @needs(Right.DECIDE)
    async def _split(self, request: Request) -> Response:
        form, id_ = await self.form(request), request.path_params["id"]
        return _to_cause(await causes.split(self.machine, id_, _ids(form), **_who(request, form)))

    @needs(Right.DECIDE)
    async def _merge(self, request: Request) -> Response:
        form, id_ = await self.form(request), request.path_params["id"]
        into = _text(form, "into")
        await causes.merge(self.machine, id_, into=into, **_who(request, form))
        return _to_cause(into)

    @needs(Right.DECIDE)
    async def _part(self, request: Request) -> Response:
        form, id_ = await self.form(request), request.path_params["id"]
        await causes.part(self.machine, id_, **_who(request, form))
        return _to_cause(id_)

    @needs(Right.DECIDE)
    async def _resolve_cause(self, request: Request) -> Response:
        form, id_ = await self.form(request), request.path_params["id"]
        await causes.resolve(self.machine, id_, **_who(request, form))
        return _to_cause(id_)

    @needs(Right.DECIDE)
    async def _assign(self, request: Request) -> Response:
        form, id_ = await self.form(request), request.path_params["id"]
        await hands.assign(self.machine, id_, _text(form, "to") or None, **_who(request, form))
        return _to_hold(id_)

    @needs(Right.DECIDE)
    async def _correct(self, request: Request) -> Response:
        form, id_ = await self.form(request), request.path_params["id"]
        value = correcting.typed(_text(form, "value"))
        await correcting.correct(self.machine, id_, _text(form, "field"), value, **_who(request, form))
        return _to_hold(id_)

    @needs(Right.DECIDE)
    async def _snooze(self, request: Request) -> Response:
        form, id_ = await self.form(request), request.path_params["id"]
        await hands.snooze(self.machine, id_, _day(_text(form, "until")), **_who(request, form))
        return _to_hold(id_)

    @needs(Right.DECIDE)
    async def _note(self, request: Request) -> Response:
        form, id_ = await self.form(request), request.path_params["id"]
        text = _text(form, "text")
        if not text:
            raise HTTPException(400)
        await hands.note(self.machine, id_, text, person=who_asks(request).name)
        return _to_hold(id_)

    @needs(Right.DECIDE)
    async def _resolve(self, request: Request) -> Response:
        form, id_ = await self.form(request), request.path_params["id"]
        await hands.resolve(self.machine, id_, **_who(request, form))
        return _to_hold(id_)


class _Who(TypedDict):
    person: str
    reason: str


def _who(request: Request, form: FormData) -> _Who:
    return {"person": who_asks(request).name, "reason": _text(form, "reason") or NO_REASON}


def _text(form: FormData, name: str) -> str:
    return str(form.get(name, "")).strip()


def _texts(form: FormData) -> dict[str, str]:
    return {name: str(value) for name, value in form.items()}


def _ids(form: FormData) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(each) for each in form.getlist("id")))


def _day(text: str) -> datetime:
    """A day begins at midnight, UTC."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise HTTPException(400) from error


def _to_cause(id_: str) -> Response:
    return RedirectResponse(f"/causes/{id_}", 303)


def _to_hold(id_: str) -> Response:
    return RedirectResponse(f"/holds/{id_}", 303)
