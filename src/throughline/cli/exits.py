"""How a command ends: one number per kind of ending, the same for every command."""

from enum import IntEnum


class Exit(IntEnum):
    """What a script can branch on."""

    DONE = 0
    FOUND = 1
    USAGE = 2
    CONFIG = 3
    NOT_ALLOWED = 4
    CONFLICT = 5
    UNAVAILABLE = 6
    PARTLY = 7
    INTERRUPTED = 130


class Stop(Exception):
    """The command cannot go on; the text says what, where and what to do."""

    def __init__(self, text: str, code: Exit) -> None:
        super().__init__(text)
        self.code = code
