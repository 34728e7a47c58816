"""The salesforce connector keeps the contract that all connectors keep."""

from pathlib import Path

import pytest

from throughline.connectors import salesforce
from throughline.core.connector import Credentials
from throughline.testing.contract import CHECKS, Check, Subject

README = Path(salesforce.__file__).with_name("README.md")


@pytest.fixture
def subject(keys: tuple[str, bytes]) -> Subject:
    credentials = Credentials(
        secrets={"private_key": keys[0]},
        settings={"consumer_key": "key", "username": "integration@halyard.example"},
        url="https://salesforce.example",
    )
    return Subject(connector=salesforce.CONNECTOR, credentials=credentials, readme=README)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract(check: Check, subject: Subject) -> None:
    check(subject)
