"""How urgent a process is: who goes first where there is not enough for everybody."""

from enum import StrEnum


class Priority(StrEnum):
    """`bulk` may wait for everything else; `urgent` waits for nothing else."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"

    @property
    def rank(self) -> int:
        """The lower, the sooner."""
        return RANKS[self]


RANKS = {Priority.URGENT: 0, Priority.NORMAL: 1, Priority.BULK: 2}
