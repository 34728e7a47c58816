"""The netsuite connector keeps the contract that all connectors keep."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from throughline.connectors import netsuite
from throughline.core.connector import Credentials
from throughline.testing.contract import CHECKS, Check, Delivery, Subject

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
README = Path(netsuite.__file__).with_name("README.md")


@pytest.fixture
def subject(keys: tuple[str, bytes], hmac_of: Callable[[str, bytes], str]) -> Subject:
    credentials = Credentials(
        secrets={"private_key": keys[0], "hook": "netsuite-webhook-secret"},
        settings={"client_id": "client", "certificate_id": "certificate"},
        url="https://netsuite.example",
    )
    body = (
        b'{"id": "n-1", "recordType": "customer", "recordId": "501", "operation": "edit",'
        b' "at": "2026-11-20T10:00:00Z", "actor": "accountant.uk@halyard.example"}'
    )
    stamp = str(int(AT.timestamp()))
    proof = hmac_of("netsuite-webhook-secret", stamp.encode() + b"." + body)
    headers = {"x-throughline-timestamp": stamp, "x-throughline-signature": f"v1={proof}"}
    delivery = Delivery(headers, body, AT, signed_by=tuple(headers))
    return Subject(connector=netsuite.CONNECTOR, credentials=credentials, readme=README, delivery=delivery)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract(check: Check, subject: Subject) -> None:
    check(subject)
