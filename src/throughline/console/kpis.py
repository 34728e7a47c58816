"""The page of key figures: each with its definition, and every hop against what was agreed on."""

from dataclasses import dataclass

from throughline.console.overview import HopCard
from throughline.console.shell import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiRow:
    """One figure: `value` in words, `remark` what it is made of or why it is unknown, `of` how many records."""

    key: str
    title: str
    meaning: str
    computed: str
    sources: str
    value: str
    known: bool
    p95: str
    of: str
    remark: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodLink:
    """Another period to look at."""

    text: str
    href: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HopRow:
    """A hop with its error budget; texts are "" where there is nothing to say."""

    card: HopCard
    met: str
    missed: str
    budget: str
    paused: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KpisPage:
    """`file_url` is the same figures as a file."""

    shell: Shell
    summary: str
    fragment_url: str
    periods: tuple[PeriodLink, ...]
    rows: tuple[KpiRow, ...]
    hops: tuple[HopRow, ...]
    file_url: str
    command: str
