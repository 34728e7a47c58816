"""One worker's part in the clockwork: read on in the log, then look at what runs."""

from dataclasses import dataclass

from throughline.hub.clocks.following import follow
from throughline.hub.clocks.looking import look
from throughline.hub.horizon import Horizon
from throughline.hub.machine import Machine

# However far behind it is, everything else of a worker gets its turn in between.
STRETCHES = 5


@dataclass(frozen=True, slots=True)
class Clockwork:
    """The horizon is this worker's own."""

    machine: Machine
    horizon: Horizon

    async def tick(self) -> None:
        for _ in range(STRETCHES):
            if not await follow(self.machine, self.horizon):
                break
        await look(self.machine)
