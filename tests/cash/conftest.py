"""A firm on its own sandbox that has sold a retainer: its first instalment is due."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.cash.till import Till
from tests.histories.scene import scene


@pytest.fixture
async def till(tmp_path: Path, database_url: str) -> AsyncGenerator[Till]:
    async with scene(tmp_path, database_url) as played:
        await played.hear()
        yield Till(played)
