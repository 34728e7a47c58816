"""An estate and a firm of one's own for each chaos test, and no worker left behind."""

from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import pytest

from tests.chaos.nursery import Nursery
from tests.chaos.stage import Stage, lay_out_fast
from throughline.sandbox.estate import Estate, Plan
from throughline.store.database import Pool


@pytest.fixture
async def stage(tmp_path: Path, database_url: str, pool: Pool) -> AsyncGenerator[Stage]:
    plan = Plan(tmp_path / "sandbox", in_memory=True)
    async with Estate(plan) as estate, aiohttp.ClientSession() as http, Nursery() as nursery:
        yield Stage(estate, http, pool, database_url, tmp_path, lay_out_fast(estate, tmp_path), nursery)
