"""The contract every connector keeps, ours and a firm's own.

    from throughline.testing.contract import CHECKS, Subject

    SUBJECT = Subject(connector=CONNECTOR, readme=README, credentials=Credentials(...), delivery=Delivery(...))

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_it_keeps_the_contract(check): check(SUBJECT)

Nothing is sent anywhere: what a connector would ask is overheard. What it is told is the worst that can be thought of.
"""

from collections.abc import Callable

from throughline.testing.connector_abilities import abilities_fit_together, rungs_are_true, unknown_outcomes_settle
from throughline.testing.connector_answers import judge_is_sensible, judge_is_total
from throughline.testing.connector_deliveries import (
    receive_is_calm,
    signed_is_total,
    signed_refuses_every_flipped_bit,
    signed_takes_the_true_one,
)
from throughline.testing.connector_subject import Broken, Delivery, Subject
from throughline.testing.connector_tables import (
    nonsense_is_unread,
    rows_name_real_fields,
    tables_are_data,
    what_is_written_is_read_back,
)
from throughline.testing.connector_writing import ask_keeps_secrets, readme_says_what_matters

__all__ = ["CHECKS", "Broken", "Check", "Delivery", "Subject"]

type Check = Callable[[Subject], None]

CHECKS: tuple[Check, ...] = (
    tables_are_data,
    rows_name_real_fields,
    what_is_written_is_read_back,
    nonsense_is_unread,
    abilities_fit_together,
    rungs_are_true,
    unknown_outcomes_settle,
    judge_is_total,
    judge_is_sensible,
    receive_is_calm,
    signed_takes_the_true_one,
    signed_refuses_every_flipped_bit,
    signed_is_total,
    ask_keeps_secrets,
    readme_says_what_matters,
)
