"""One emptied database for the tests of the tables, and a time for their statements, which take it as an argument."""

from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

_spec = spec_from_file_location("fakes_of_the_machine", Path(__file__).parents[2] / "hub" / "conftest.py")
assert _spec is not None
assert _spec.loader is not None
_fakes = module_from_spec(_spec)
_spec.loader.exec_module(_fakes)

hub_database, database_url = _fakes.hub_database, _fakes.database_url


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 20, 12, tzinfo=UTC)
