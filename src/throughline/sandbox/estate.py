"""The whole pretend estate: every simulator on a port of its own, one clock, one gateway, one handout."""

import json
import os
import random
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from throughline.sandbox.authority import Authority
from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.gateway import Gateway
from throughline.sandbox.shelf import Shelf
from throughline.sandbox.simulator import Simulator

type Simulators = Mapping[str, type[Simulator]]

ADDRESS = "127.0.0.1"
SYSTEMS = {
    "salesforce": "Salesforce",
    "netsuite": "NetSuite",
    "kantata": "Kantata",
    "slack": "Slack",
    "workday": "Workday",
}
# A call that hangs on purpose must not keep the estate from closing.
GOODBYE_SECONDS = 1.0


def all_simulators() -> Simulators:
    """Every simulator there is, by the name of its system."""
    return {name: getattr(import_module(f"throughline.sandbox.{name}"), kind) for name, kind in SYSTEMS.items()}


@dataclass(frozen=True, slots=True)
class Plan:
    """How an estate is set up. A port that is not given is any free one; a speed that is not given stays as it was."""

    folder: Path
    seed: int = 1
    speed: float | None = None
    ports: Mapping[str, int] = field(default_factory=dict[str, int])
    in_memory: bool = False
    reset: bool = False


class Estate:
    """Open it with `async with`; it listens from then on, and `handout` says where and with which credentials."""

    def __init__(self, plan: Plan, simulators: Simulators | None = None) -> None:
        self._plan, self._kinds = plan, simulators or all_simulators()
        self._closing = AsyncExitStack()
        self.simulators: dict[str, Simulator] = {}
        self.ports: dict[str, int] = {}
        self.handout: dict[str, Any] = {}

    @property
    def addresses(self) -> dict[str, str]:
        """Where everything listens, without a secret."""
        urls = {name: f"http://{ADDRESS}:{port}" for name, port in self.ports.items()}
        return {**urls, "ca": str(self._certificate_path), "handout": str(self._handout_path)}

    async def __aenter__(self) -> Self:
        self._plan.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._plan.reset:
            self._forget()
        try:
            await self._open()
        except BaseException:
            await self._closing.aclose()
            raise
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._closing.aclose()

    async def _open(self) -> None:
        authority = Authority(self._plan.folder / "authority")
        self._certificate_path = authority.certificate_path
        clock = SandboxClock(kept=None if self._plan.in_memory else self._clock_path)
        if self._plan.speed is not None:
            clock.run_at(self._plan.speed)
        for name, kind in self._kinds.items():
            shelf = Shelf(None if self._plan.in_memory else self._shelf_path(name))
            self._closing.callback(shelf.close)
            # A chance of its own: what one system draws never shifts another's luck.
            chance = random.Random(f"{self._plan.seed}/{name}")
            self.simulators[name] = kind(clock=clock, shelf=shelf, chance=chance)
            self.ports[name] = await self._listen(name, self.simulators[name])
        gateway = Gateway(authority, dict(self.ports))
        self.ports["gateway"] = await gateway.start(self._plan.ports.get("gateway", 0))
        self._closing.push_async_callback(gateway.stop)
        self.handout = self._credentials()
        _write_private(self._handout_path, json.dumps(self.handout, indent=2))

    async def _listen(self, name: str, simulator: Simulator) -> int:
        runner = web.AppRunner(simulator.app(), access_log=None, shutdown_timeout=GOODBYE_SECONDS)
        await runner.setup()
        self._closing.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, ADDRESS, self._plan.ports.get(name, 0)).start()
        return int(runner.addresses[0][1])

    def _credentials(self) -> dict[str, Any]:
        systems = {
            name: {"url": self.addresses[name], **simulator.handout()} for name, simulator in self.simulators.items()
        }
        return {**systems, "gateway": self.addresses["gateway"], "ca": self.addresses["ca"]}

    def _forget(self) -> None:
        """The firm's first day again. The authority stays: clients have learned to trust it."""
        self._clock_path.unlink(missing_ok=True)
        for name in self._kinds:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._shelf_path(name)}{suffix}").unlink(missing_ok=True)

    def _shelf_path(self, name: str) -> Path:
        return self._plan.folder / f"{name}.sqlite"

    @property
    def _clock_path(self) -> Path:
        return self._plan.folder / "clock.json"

    @property
    def _handout_path(self) -> Path:
        return self._plan.folder / "handout.json"


def _write_private(path: Path, text: str) -> None:
    """Whole or not at all, and for nobody else to read."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
