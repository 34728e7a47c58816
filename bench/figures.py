"""What a measurement is: how much of it, and the median of some rounds."""

import statistics

RUNS, AT_ONCE, ROUNDS = 1000, 50, 3

type Figures = dict[str, float]


def median(rounds: list[Figures]) -> Figures:
    return {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
