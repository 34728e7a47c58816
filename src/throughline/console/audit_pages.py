"""The audit trail's pages, asked for."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request

from throughline.console.audit import AuditPage, LeafPage, LeafRow, VerificationPage
from throughline.console.from_hub import audit
from throughline.console.from_hub.frame import Setting
from throughline.core.rights import Right, needs
from throughline.hub.audit import evidence, proving, reading, verifying
from throughline.hub.audit.evidence import Wanted
from throughline.hub.audit.proving import NoSuchLeaf, verifier_of
from throughline.hub.audit.reading import Asked
from throughline.hub.machine import Machine

ROWS, ROWS_OF_A_FILE, LONGEST = 50, 500, 200


@dataclass(frozen=True, slots=True)
class AuditPages:
    """`setting` says who asks, and when."""

    machine: Machine
    setting: Callable[[Request], Awaitable[Setting]]

    @needs(Right.AUDIT)
    async def log(self, request: Request) -> AuditPage:
        said, cursor = _said(request), request.query_params.get("before")
        found = await reading.listed(self.machine, _asked(said), cursor=cursor, limit=ROWS)
        return audit.page(
            await self.setting(request),
            found.rows,
            await reading.stands(self.machine),
            said,
            older=f"/audit?{urlencode({**said, 'before': found.next})}" if found.next else "",
            newest=f"/audit?{urlencode(said)}".rstrip("?") if cursor else "",
        )

    @needs(Right.AUDIT)
    async def all_leaves(self, request: Request) -> AsyncGenerator[list[LeafRow]]:
        asked, cursor, more = _asked(_said(request)), None, True
        while more:
            found = await reading.listed(self.machine, asked, cursor=cursor, limit=ROWS_OF_A_FILE)
            yield [audit.row(each) for each in found.rows]
            cursor, more = found.next, found.next is not None

    @needs(Right.AUDIT)
    async def leaf(self, request: Request) -> LeafPage:
        said = request.path_params["seq"]
        if not (said.isascii() and said.isdigit() and len(said) < 19):
            raise NoSuchLeaf(f"There is no leaf {said} in the audit log.")
        proof = await proving.inclusion(self.machine, int(said))
        return audit.leaf(await self._still(request), proof, verifier_of(self.machine).text)

    @needs(Right.AUDIT)
    async def verification(self, request: Request) -> VerificationPage:
        return audit.verification(await self._still(request), await verifying.verified(self.machine))

    @needs(Right.AUDIT)
    async def pack(self, request: Request) -> Iterator[bytes]:
        """The evidence of an engagement, or of some days."""
        said = _said(request)
        asked = _asked(said)
        one = asked.engagement
        if one is None and not (asked.since and asked.until):
            raise HTTPException(400)
        return await evidence.sent(self.machine, Wanted(one) if one else Wanted(None, asked.since, asked.until))

    async def _still(self, request: Request) -> Setting:
        """What was proved holds for the moment it was proved at: such a page does not live."""
        return replace(await self.setting(request), live=False)


def _said(request: Request) -> dict[str, str]:
    """What was typed into the filters, and nothing else."""
    asked = {name: request.query_params.get(name, "").strip()[:LONGEST] for name, *_ in audit.FILTERS}
    return {name: value.replace("\0", "") for name, value in asked.items() if value}


def _asked(said: dict[str, str]) -> Asked:
    """Both days are included."""
    until = _day(said.get("until"))
    return Asked(
        actor=said.get("actor"),
        action=said.get("action"),
        object=said.get("object"),
        engagement=said.get("engagement"),
        since=_day(said.get("since")),
        until=until and until + timedelta(days=1),
    )


def _day(said: str | None) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(said), time(), UTC) if said else None
    except ValueError as error:
        raise HTTPException(400) from error
