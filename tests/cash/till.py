"""From a deal to its money, played on the simulators: what they hold is read where they keep it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp

from tests.histories.scene import Scene


@dataclass
class Till:
    scene: Scene

    async def sold(self, **more: Any) -> str:
        """A retainer that began this month, through to its first draft; returns the key of the deal."""
        first = datetime.now(UTC).date().replace(day=1)
        wanted = {"customer": "Castellan Bank plc", "contract_type": "Retainer", "legal_entity": "UK"}
        made = await self.tell("salesforce", "deals", {**wanted, "start_date": first.isoformat(), **more})
        await self.settle()
        return made["opportunity_id"]

    async def settle(self) -> None:
        """Hear what is new and do what is due, until neither is."""
        for _ in range(2):
            await self.scene.hear()
            await self.scene.finish()

    async def tell(self, system: str, control: str, wanted: dict[str, Any]) -> Any:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.scene.estate.addresses[system]}/__sandbox__/{control}", json=wanted) as answer,
        ):
            assert answer.status < 300, await answer.text()
            return await answer.json()

    def kept(self, system: str, kind: str) -> dict[str, dict[str, Any]]:
        return self.scene.estate.simulators[system].shelf.all(kind)

    def deal(self, key: str) -> dict[str, Any]:
        return self.kept("salesforce", "Opportunity")[key]

    def account(self, deal: str) -> dict[str, Any]:
        return self.kept("salesforce", "Account")[self.deal(deal)["AccountId"]]

    def shown_to_delivery(self) -> list[str]:
        return [each["value"] for each in self.kept("kantata", "custom_field_values").values()]

    def invoice(self) -> dict[str, Any]:
        (found,) = (each for each in self.kept("netsuite", "invoice").values() if each.get("createdFrom"))
        return found

    async def holds(self) -> list[Any]:
        return await self.scene.machine.pool.fetch("select part, why from holds where state = 'open'")
