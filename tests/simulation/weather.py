"""What a life has to go through, drawn from its seed. Some lives are calm, some are storms."""

import random
from dataclasses import dataclass

# What the vendors promise, and so what the settle time of `firm.py` has to outlast.
DEADLINE_SECONDS = 10.0
LATEST_APPLY_SECONDS = 16.0
KEY_WINDOW_SECONDS = 90.0
LONGEST_LAG_SECONDS = 5.0
# A person who is asked whether something arrived looks only when whatever was under way must have.
LOOKS_AFTER_SECONDS = 45.0
# As long as it storms; after that nothing goes wrong any more, and everything must come to its end.
STORM_BEGINS, STORM_ENDS = 15.0, 170.0


@dataclass(frozen=True, slots=True)
class Weather:
    """Chances are per call, per commit or per delivery; counts are per life."""

    customers: int = 2
    deals: int = 4
    renames: int = 3
    throttled: float = 0.04
    refused: float = 0.04
    failed_after: float = 0.05
    lost_after: float = 0.08
    lost_before: float = 0.04
    late: float = 0.06
    doubled: float = 0.3
    delayed: float = 0.2
    undelivered: float = 0.15
    kills: int = 4
    pauses: int = 2
    hesitations: int = 1
    lingerings: int = 1
    strikes: int = 1
    outages: int = 1
    restarts: int = 1
    untold: int = 3
    forgotten: int = 1
    jumps: int = 1
    leaps: int = 1


def drawn(chance: random.Random) -> Weather:
    """One life's weather: each kind of trouble is left out, usual, or three times as bad."""

    def some(usual: float) -> float:
        return usual * chance.choice((0, 1, 1, 2))

    usual = Weather()
    return Weather(
        customers=chance.randint(1, 2),
        deals=chance.randint(2, 4),
        renames=chance.randint(0, 4),
        **{name: some(getattr(usual, name)) for name in (
            "throttled", "refused", "failed_after", "lost_after", "lost_before", "late", "doubled", "delayed",
            "undelivered",
        )},
        **{name: int(some(getattr(usual, name))) for name in (
            "kills", "pauses", "hesitations", "lingerings", "strikes", "outages", "restarts", "untold", "forgotten",
            "jumps", "leaps",
        )},
    )  # fmt: skip
