"""Many lives, one after the other, in one database; what went wrong is told with the command that plays it again."""

import gc
import hashlib
import logging
import sys
from collections.abc import Generator, Iterable

import structlog

from tests.simulation.database import Database
from tests.simulation.life import Life, Lived
from tests.simulation.parts import Parts
from tests.simulation.weather import Weather


def lived(url: str, seeds: Iterable[int], parts: Parts | None = None, *, weather: Weather | None = None
          ) -> Generator[Lived]:  # fmt: skip
    """One life per seed, as they end."""
    database = Database(url)
    try:
        for seed in seeds:
            yield Life(seed, database, parts, weather=weather).live()
    finally:
        database.close()


def told(life: Lived) -> str:
    """What is wrong with it, and how to see it happen again."""
    return "\n".join([f"seed {life.seed} (make simulate SEED={life.seed}):", *(f"    {each}" for each in life.wrong)])


def main() -> None:
    """`python -m tests.simulation.lives URL FIRST LAST STEP`: says what is wrong, and what it all came to."""
    url, first, last, step = sys.argv[1], *map(int, sys.argv[2:5])
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    # What is there from now on lives as long as we do; what a life leaves behind is found soon enough.
    gc.freeze()
    gc.set_threshold(50_000)
    bad, history = 0, hashlib.sha256()
    for life in lived(url, range(first, last, step)):
        history.update(life.digest.encode())
        if life.wrong:
            bad += 1
            sys.stdout.write(f"{told(life)}\n")
            sys.stdout.flush()
    sys.stdout.write(f"history {history.hexdigest()[:16]}\n")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
