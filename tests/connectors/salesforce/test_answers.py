"""What single answers of Salesforce mean."""

import pytest

from throughline.connectors.salesforce.api import outcome
from throughline.core.errors import Retry


@pytest.mark.parametrize("code", ["UNABLE_TO_LOCK_ROW", "REQUEST_LIMIT_EXCEEDED"])
def test_one_record_of_many_that_could_not_be_taken_now_is_tried_again(code: str) -> None:
    later = {"success": False, "errors": [{"statusCode": code, "message": "later", "fields": []}]}

    assert isinstance(outcome(later), Retry)
