"""A database of one's own that is filled while it is in use, and never looked at by the autovacuum meanwhile."""

import os
from collections.abc import AsyncGenerator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import asyncpg
import pytest

_spec = spec_from_file_location("fakes_of_the_machine", Path(__file__).parents[1] / "hub" / "conftest.py")
assert _spec is not None
assert _spec.loader is not None
_fakes = module_from_spec(_spec)
_spec.loader.exec_module(_fakes)

plain_log, clock, estate, opened, deliver = (
    _fakes.plain_log, _fakes.clock, _fakes.estate, _fakes.opened, _fakes.deliver,
)  # fmt: skip


@pytest.fixture
async def database_url(server_url: str) -> AsyncGenerator[str]:
    name = f"growing_{os.getpid()}"
    admin = await asyncpg.connect(server_url)
    await admin.execute(f'drop database if exists "{name}" with (force)')
    await admin.execute(f'create database "{name}" template template_of_ours')
    head, _, query = server_url.partition("?")
    url = f"{head.rsplit('/', 1)[0]}/{name}{'?' + query if query else ''}"
    own = await asyncpg.connect(url)
    for row in await own.fetch("select oid::regclass::text as name from pg_class where relkind = 'r' and oid >= 16384"):
        # Counting its rows would have every plan made again, and hide one that was made for an empty table.
        await own.execute(f"alter table {row['name']} set (autovacuum_enabled = false)")
    await own.close()
    yield url
    await admin.execute(f'drop database if exists "{name}" with (force)')
    await admin.close()
