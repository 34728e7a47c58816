"""A desk with holds on it: processes that stop as a test says, once for each deal."""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from throughline.core.entities import Entity
from throughline.core.errors import Hold
from throughline.core.events import OpportunityWon
from throughline.core.money import Money
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow

type Stuck = Callable[..., Awaitable[Any]]


def money(amount: str | int, currency: str = "EUR") -> Money:
    return Money.model_validate({"amount": str(amount), "currency": currency})


class Desk:
    """Each deal has its own list of holds: one pass meets one of them, and goes through when none is left."""

    def __init__(self) -> None:
        self.world: Any = None
        self.left: dict[str, deque[Any]] = {}

    async def stuck(self, deal: str, *stops: Any) -> Any:
        """A deal is won and its run is held; returns its hold."""
        self.left[deal] = deque(stops)
        await self.world.start(OpportunityWon(opportunity=deal))
        await self.world.work()
        return await self.world.pool.fetchrow("select * from holds where correlation = $1 and state = 'open'", deal)

    def hold(self, why: str = "No tax code for CH", **more: Any) -> Hold:
        return Hold(why, fix="Add a row, then release.", **more)


@pytest.fixture
async def desk(opened: Any) -> Desk:
    desk = Desk()

    @workflow("sells", on=OpportunityWon, lane=lambda won: won.opportunity)
    async def sells(flow: Flow, won: OpportunityWon) -> None:
        left = desk.left[won.opportunity]
        match left[0] if left else None:
            case Entity() as entity:
                await flow.put(entity, into=Role.ERP)
                left.popleft()
            case Hold(fix="Choose.") as question:
                await flow.ask("same", question.why, choices=("yes", "no"))
                left.popleft()
            case _:
                pass
        if left:
            raise left.popleft()

    desk.world = await opened(sells)
    return desk
