"""NetSuite's own signature, as its simulator makes it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from throughline.connectors.netsuite import hooks

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = b'{"id": "n-1"}'


async def test_what_the_account_signs_is_taken_for_five_minutes(erp: Any) -> None:
    headers = {name.lower(): value for name, value in erp.simulator.sign(BODY).items()}
    at = datetime.fromtimestamp(int(headers["x-throughline-timestamp"]), UTC)

    def taken(after: timedelta) -> bool:
        return hooks.signed(erp.line.credentials, headers, BODY, at + after)

    assert taken(timedelta())
    assert taken(timedelta(minutes=5))
    assert not taken(timedelta(minutes=5, seconds=1))
    assert not taken(timedelta(minutes=-6))
