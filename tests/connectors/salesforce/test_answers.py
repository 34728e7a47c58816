"""What single answers of Salesforce mean."""

from throughline.connectors.salesforce.api import outcome
from throughline.core.errors import Retry


def test_one_record_of_many_that_was_locked_is_tried_again() -> None:
    locked = {"success": False, "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "later", "fields": []}]}

    assert isinstance(outcome(locked), Retry)
