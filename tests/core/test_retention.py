"""For how long each kind of capture stays: its own days before those of all, and for ever where nothing is said."""

import pytest
from pydantic import ValidationError

from throughline.core.policies import Retention


@pytest.mark.parametrize(
    ("said", "webhooks", "calls", "both"),
    [
        ({}, None, None, None),
        ({"captures": 400}, 400, 400, 400),
        ({"captures": 400, "webhooks": 90}, 90, 400, 400),
        ({"webhooks": 90}, 90, None, None),
        ({"webhooks": 90, "calls": 30}, 90, 30, 90),
    ],
)
def test_a_kind_s_own_days_come_first(
    said: dict[str, int], webhooks: int | None, calls: int | None, both: int | None
) -> None:
    policy = Retention(**said)

    assert (policy.days("webhooks"), policy.days("calls"), policy.days("captures")) == (webhooks, calls, both)
    assert policy.anything == bool(said)


@pytest.mark.parametrize("said", [{"captures": 0}, {"runs": 800}, {"audit": 3650}])
def test_what_is_not_acted_on_is_not_accepted(said: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Retention.model_validate(said)
