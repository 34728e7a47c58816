"""The two errors content raises, and what they carry to the person or the clock that follows."""

from datetime import timedelta

from throughline.core.errors import Hold, Retry, Unknown
from throughline.core.money import Money


def test_a_retry_says_why_and_when() -> None:
    error = Retry("closed for maintenance", after=timedelta(minutes=5))

    assert (str(error), error.why, error.after) == ("closed for maintenance",) * 2 + (timedelta(minutes=5),)


def test_an_unknown_outcome_is_tried_again_too_but_can_be_told_apart() -> None:
    assert isinstance(Unknown("no answer"), Retry)
    assert not isinstance(Retry("busy"), Unknown)


def test_a_hold_says_why_what_to_do_who_and_how_much() -> None:
    amount, candidates = Money.of(5, "EUR"), ({"record": "7"},)
    error = Hold("no rate", fix="Add one.", owner="PMO", amount=amount, candidates=candidates)

    assert (str(error), error.why, error.fix) == ("no rate", "no rate", "Add one.")
    assert (error.owner, error.amount, error.candidates) == ("PMO", amount, candidates)


def test_a_hold_is_never_taken_for_something_to_try_again() -> None:
    assert not issubclass(Hold, Retry)
    assert not issubclass(Retry, Hold)
