"""The pages of who may come in, asked for."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request

from throughline.console.from_hub import people
from throughline.console.from_hub.frame import Setting
from throughline.console.people import PeoplePage, PersonPage, PersonRow
from throughline.core.rights import Right, needs
from throughline.hub import access_keys
from throughline.hub import people as hub_people
from throughline.hub.machine import Machine


@dataclass(frozen=True, slots=True)
class PeoplePages:
    """`setting` says who asks, and when."""

    machine: Machine
    setting: Callable[[Request], Awaitable[Setting]]

    @needs(Right.PEOPLE)
    async def everybody(self, request: Request) -> PeoplePage:
        return people.page(
            await self.setting(request),
            await hub_people.listed(self.machine),
            await access_keys.listed(self.machine),
        )

    @needs(Right.PEOPLE)
    async def person(self, request: Request) -> PersonPage:
        found = await hub_people.one(self.machine, request.path_params["name"])
        return people.one(await self.setting(request), found, await access_keys.listed(self.machine))

    @needs(Right.PEOPLE)
    async def all_people(self, request: Request) -> AsyncGenerator[list[PersonRow]]:
        setting = await self.setting(request)
        yield [people.row(each, setting) for each in await hub_people.listed(self.machine)]
