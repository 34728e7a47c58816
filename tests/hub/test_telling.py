"""What happened, put into words."""

import pytest

from throughline.hub.telling import title_of_message


@pytest.mark.parametrize(
    ("entity", "state", "title"),
    [
        ("kickoff-of-deal-1", "confirmed", "Kick-off announced"),
        ("notice-of-change-1", "confirmed", "People told"),
        ("SlaBreached-of-clock-1", "confirmed", "People told"),
        ("notice-of-change-1", "unknown", "Message: create unknown"),
    ],
)
def test_only_the_kick_off_is_called_one(entity: str, state: str, title: str) -> None:
    assert title_of_message(entity, "create", state) == title
