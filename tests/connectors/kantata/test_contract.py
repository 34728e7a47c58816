"""The kantata connector keeps the contract that all connectors keep."""

from pathlib import Path

import pytest

from throughline.connectors import kantata
from throughline.core.connector import Credentials
from throughline.testing.contract import CHECKS, Check, Subject

README = Path(kantata.__file__).with_name("README.md")


@pytest.fixture
def subject() -> Subject:
    credentials = Credentials(
        secrets={"token": "kantata-sandbox-token"},
        settings={},
        url="https://kantata.example",
    )
    return Subject(connector=kantata.CONNECTOR, credentials=credentials, readme=README)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract(check: Check, subject: Subject) -> None:
    check(subject)
