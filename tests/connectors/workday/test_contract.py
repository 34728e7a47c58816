"""The workday connector keeps the contract that all connectors keep."""

from pathlib import Path

import pytest

from tests.connectors.workday.conftest import SECRETS, SETTINGS
from throughline.connectors import workday
from throughline.core.connector import Credentials
from throughline.testing.contract import CHECKS, Check, Subject

README = Path(workday.__file__).with_name("README.md")


@pytest.fixture
def subject() -> Subject:
    credentials = Credentials(secrets=SECRETS, settings=SETTINGS, url="https://workday.example")
    return Subject(connector=workday.CONNECTOR, credentials=credentials, readme=README)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract(check: Check, subject: Subject) -> None:
    check(subject)
