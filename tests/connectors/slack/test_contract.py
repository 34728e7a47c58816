"""The slack connector keeps the contract that all connectors keep."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from throughline.connectors import slack
from throughline.core.connector import Credentials
from throughline.testing.contract import CHECKS, Check, Delivery, Subject

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
README = Path(slack.__file__).with_name("README.md")


@pytest.fixture
def subject(hmac_of: Callable[[str, bytes], str]) -> Subject:
    credentials = Credentials(
        secrets={"token": "xoxb-sandbox", "hook": "slack-signing-secret"},
        settings={},
        url="https://slack.example",
    )
    body = b'{"type": "event_callback", "event_id": "Ev1", "event": {"type": "message", "text": "hello"}}'
    stamp = str(int(AT.timestamp()))
    proof = {
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": "v0=" + hmac_of("slack-signing-secret", b"v0:" + stamp.encode() + b":" + body),
    }
    delivery = Delivery({**proof, "content-type": "application/json"}, body, AT, signed_by=tuple(proof))
    return Subject(connector=slack.CONNECTOR, credentials=credentials, readme=README, delivery=delivery)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract(check: Check, subject: Subject) -> None:
    check(subject)
