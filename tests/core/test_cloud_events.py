"""CloudEvents, as the specification writes them."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal

from throughline.core.cloud_events import CloudEvent

EVENT = CloudEvent(
    "e-1",
    "OpportunityWon",
    "deal-1",
    datetime(2026, 11, 20, 12, tzinfo=UTC),
    "deal-1",
    {"amount": Decimal("1.10")},
)
REQUIRED = {"specversion", "id", "source", "type"}


def test_structured_it_is_one_document_with_what_the_specification_requires() -> None:
    said = json.loads(EVENT.structured(), parse_float=Decimal)

    assert said["specversion"] == "1.0"
    assert set(said) >= REQUIRED
    assert said["data"] == {"amount": Decimal("1.10")}
    assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in said)
    assert datetime.fromisoformat(said["time"]) == EVENT.time


def test_binary_its_attributes_are_headers_and_its_data_the_body() -> None:
    headers, body = EVENT.binary()

    assert {f"ce-{name}" for name in REQUIRED} <= set(headers)
    assert headers["content-type"] == "application/json"
    assert body == b'{"amount":1.10}'


def test_a_large_one_says_where_its_data_are_instead() -> None:
    large = CloudEvent("e-2", "T", "s", EVENT.time, "d", {"text": "x" * 20_000})

    thin = large.within(20_000, at="/api/v1/events/e-2")

    assert thin.data is None
    assert json.loads(thin.structured())["dataref"] == "/api/v1/events/e-2"
    assert thin.binary()[1] == b""
    assert len(thin.structured()) < 20_000
    assert EVENT.within(20_000, at="there") is EVENT
