"""What is wrong in a firm's folder: every error with its place, the line itself, and the likely fix."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file, counted from one, and how many characters are meant."""

    file: str
    line: int
    column: int = 1
    width: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class FirmError:
    """One mistake, in the order a person would read the files."""

    file: str
    line: int
    column: int
    code: str
    message: str
    where: str = ""
    source: str = ""
    width: int = 1
    hint: str = ""
    also: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"also": list(self.also)}

    def __str__(self) -> str:
        where = f"  ({self.where})" if self.where else ""
        # Tabs stay tabs, so that the caret stands under its word whatever a tab is worth on this screen.
        margin = "".join(c if c == "\t" else " " for c in self.source[: self.column - 1])
        lines = [
            f"error[{self.code}]: {self.message}",
            f"  --> {self.file}:{self.line}:{self.column}{where}",
            f"{self.line:5d} | {self.source}".rstrip(),
            f"      | {margin}{'^' * self.width} {self.hint}".rstrip(),
            *(f"      = see also {place}" for place in self.also),
        ]
        return "\n".join(lines)


class FirmErrors(Exception):
    """Everything that is wrong with a folder, all of it at once. Nothing was loaded."""

    def __init__(self, errors: Iterable[FirmError]) -> None:
        self.errors = tuple(sorted(set(errors)))
        super().__init__(str(self))

    def __str__(self) -> str:
        files = len({error.file for error in self.errors})
        total = f"{_count(len(self.errors), 'error')} in {_count(files, 'file')}. Nothing was loaded."
        return "\n\n".join([*(str(error) for error in self.errors), total])

    def as_json(self) -> list[dict[str, Any]]:
        return [error.as_json() for error in self.errors]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
