"""Which fault strikes which call, and how often."""

import random

import pytest

from throughline.sandbox.faults import Faults


def faults() -> Faults:
    return Faults(random.Random(7))


def test_a_fault_strikes_as_often_as_it_was_told() -> None:
    bad = faults()
    bad.add({"kind": "throttle", "times": 2})

    struck = [bad.draw("GET", "/things") is not None for _ in range(4)]

    assert struck == [True, True, False, False]
    assert bad.listed() == []


def test_a_fault_without_times_strikes_until_it_is_cleared() -> None:
    bad = faults()
    bad.add({"kind": "error", "times": None})

    before = [bad.draw("GET", "/") is not None for _ in range(20)]
    bad.clear()

    assert all(before)
    assert bad.draw("GET", "/") is None


def test_a_fault_strikes_only_what_it_concerns() -> None:
    bad = faults()
    bad.add({"kind": "lock", "method": "PATCH", "path": "/customer"})

    others = [bad.draw("GET", "/customer/1"), bad.draw("PATCH", "/invoice/1")]
    struck = bad.draw("PATCH", "/record/customer/1")

    assert others == [None, None]
    assert struck is not None


def test_a_share_is_a_share_and_repeats_with_the_seed() -> None:
    def day() -> list[bool]:
        bad = faults()
        bad.add({"kind": "throttle", "times": None, "share": 0.25})
        return [bad.draw("GET", "/") is not None for _ in range(400)]

    first, second = day(), day()

    assert first == second
    assert 60 < sum(first) < 140


def test_hook_faults_and_call_faults_do_not_mix() -> None:
    bad = faults()
    bad.add({"kind": "hook_drop"})
    bad.add({"kind": "throttle"})

    call, hook = bad.draw("POST", "/hooks"), bad.draw_hook("http://127.0.0.1:1/hooks")

    assert call is not None
    assert call.kind == "throttle"
    assert hook is not None
    assert hook.kind == "hook_drop"


@pytest.mark.parametrize(
    ("wanted", "why"),
    [({"kind": "explode"}, "kind is 'explode'"), ({"kind": "slow", "seconds_long": 1}, "no seconds_long")],
)
def test_a_wrong_fault_is_refused_with_what_would_be_right(wanted: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        faults().add(wanted)
