"""Routes of what was proved at one moment: a leaf, a verification, and the pack an auditor takes home."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from throughline.console import twins
from throughline.console.audit_pages import AuditPages
from throughline.console.guard import keep_form_token
from throughline.console.rendering import StillPage, render
from throughline.core.rights import Right, needed_by, needs


def proofs(pages: AuditPages) -> list[Route]:
    @needs(Right.AUDIT)
    async def pack(request: Request) -> Response:
        parts = await pages.pack(request)
        headers = {"Content-Disposition": 'attachment; filename="evidence.zip"'}
        return StreamingResponse(parts, media_type="application/zip", headers=headers)

    return [
        Route("/audit/evidence.zip", pack),
        *_still("/audit/verification", pages.verification),
        *_still("/audit/leaves/{seq}", pages.leaf),
    ]


def _still(path: str, asked: Callable[[Request], Awaitable[StillPage]]) -> list[Route]:
    """A page that does not live, and the same facts for programs."""

    async def whole(request: Request) -> Response:
        return keep_form_token(request, HTMLResponse(render(await asked(request))))

    async def facts(request: Request) -> Response:
        return twins.as_json(await asked(request))

    for face in (whole, facts):
        face.__dict__.update(needs=needed_by(asked))
    return [Route(f"{path}.json", facts), Route(path, whole)]
