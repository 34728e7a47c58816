"""Puts the doors that are served around the machine; apart from `main`, so that a command does not import them."""

from dataclasses import replace

from throughline.api.application import api
from throughline.api.doors import Doors
from throughline.api.edge import Traced
from throughline.api.hooks import Hooks
from throughline.console.routes import console
from throughline.hub.admission import Admission
from throughline.hub.machine import Machine
from throughline.hub.pulse import Pulse
from throughline.hub.seal import Seal
from throughline.settings import Settings
from throughline.store.seen_by import seen_pool


def app(machine: Machine, settings: Settings) -> Doors:
    """Everything that is served: webhooks, the API and the console, on one machine and one pulse."""
    admission = Admission(settings.api_key, Seal(machine.firms.key), machine)
    pulse = Pulse(machine.pool)
    machine = replace(machine, pool=seen_pool(machine.pool))
    return Doors(
        hooks=Hooks(machine.intake()),
        api=Traced(api(machine, admission, pulse), machine.ids),
        console=Traced(console(machine, admission, pulse), machine.ids),
        stop=pulse.stop,
    )
