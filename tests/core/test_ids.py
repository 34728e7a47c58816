"""Ids of ours."""

import random
import re

from throughline.core.ids import ALPHABET, ids_from


def seeded() -> random.Random:
    return random.Random(7)


def test_an_id_says_what_it_is_and_can_be_read_aloud() -> None:
    id_ = ids_from(seeded())("customer")

    assert re.fullmatch(f"customer-[{ALPHABET}]{{10}}", id_)
    assert not set("aeiou01l") & set(ALPHABET)


def test_the_same_chance_makes_the_same_ids() -> None:
    one, other = ids_from(seeded()), ids_from(seeded())

    assert [one("run") for _ in range(5)] == [other("run") for _ in range(5)]


def test_a_hundred_thousand_are_all_different() -> None:
    ids = ids_from(seeded())

    assert len({ids("run") for _ in range(100_000)}) == 100_000
