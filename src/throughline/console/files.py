"""Files of the figures, the clocks and the boards: the hub writes them, so that every door gives the same."""

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from throughline.console.pages import Pages
from throughline.core.rights import Right, needs
from throughline.hub.boards import boards
from throughline.hub.boards import wording as board_wording
from throughline.hub.clocks import file as clock_file
from throughline.hub.kpis import file as kpi_file
from throughline.hub.machine import Machine

CSV = "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Files:
    """Their routes; they stand before those of the pages, whose names would take them in."""

    machine: Machine
    pages: Pages

    def routes(self) -> Iterator[Route]:
        yield Route("/kpis.csv", self._kpis)
        yield Route("/clocks.csv", self._clocks)
        yield Route("/boards/{name}.csv", self._board)

    @needs(Right.READ)
    async def _kpis(self, request: Request) -> Response:
        return _file(kpi_file.as_csv(await self.pages.figures(request)), "kpis")

    @needs(Right.READ)
    async def _clocks(self, request: Request) -> Response:
        wanted, which = self.pages.wanted(request)
        lines = clock_file.lines(self.machine, wanted.name, which)
        return StreamingResponse(lines, media_type=CSV, headers=_called("clocks"))

    @needs(Right.READ)
    async def _board(self, request: Request) -> Response:
        found = await boards.board(self.machine, request.path_params["name"], limit=boards.MOST)
        return _file(board_wording.as_csv(found), found.name)


def _file(text: str, name: str) -> Response:
    return Response(text, media_type=CSV, headers=_called(name))


def _called(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}.csv"'}
