"""One database for all lives of this process: emptying it takes a few milliseconds."""

import asyncio
import logging
import os
from collections.abc import Iterator

import asyncpg
import pytest
import structlog

from tests.conftest import url_of


@pytest.fixture(scope="session")
def life_database(server_url: str) -> str:
    name = f"life_{os.getpid()}"

    async def make() -> None:
        admin = await asyncpg.connect(server_url)
        await admin.execute(f'drop database if exists "{name}" with (force)')
        await admin.execute(f'create database "{name}" template template_of_ours')
        await admin.close()

    asyncio.run(make())
    return url_of(server_url, name)


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """A life's history is told on demand; its log would be longer than everything else the tests say."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()
