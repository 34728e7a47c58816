"""Ids of ours: short enough to read aloud, made from injected chance."""

import random
from collections.abc import Callable

type Ids = Callable[[str], str]
"""`ids("customer")` is a new id such as `customer-7f3k2qxm4a`."""

# No vowels, so that no word appears; no 0/o, 1/l/i, so that none is misread.
ALPHABET = "23456789bcdfghjkmnpqrstvwxyz"


def ids_from(chance: random.Random) -> Ids:
    """About 48 bits of chance: a table of millions meets a double about never, and a unique key refuses it."""
    return lambda kind: f"{kind}-{''.join(chance.choices(ALPHABET, k=10))}"
