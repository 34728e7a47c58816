"""The fakes of the machine, which live beside its own tests."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_spec = spec_from_file_location("fakes_of_the_machine", Path(__file__).parents[1] / "hub" / "conftest.py")
assert _spec is not None
assert _spec.loader is not None
_fakes = module_from_spec(_spec)
_spec.loader.exec_module(_fakes)

plain_log, hub_database, database_url = _fakes.plain_log, _fakes.hub_database, _fakes.database_url
clock, estate, opened, world, deliver = _fakes.clock, _fakes.estate, _fakes.opened, _fakes.world, _fakes.deliver
