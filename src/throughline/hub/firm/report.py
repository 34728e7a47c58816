"""Collects what is wrong while the files are read, and never shows a secret that was written by mistake."""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches

from throughline.hub.firm.errors import FirmError, Spot

MASK = "*"
_LISTED = 12
# YAML counts the last three as line breaks too; a line of a table is never broken by them in practice.
_BREAKS = re.compile("\n|\x85|\u2028|\u2029")
_LONG_WORD = re.compile(r"(?<![^\s\"'\[{,])(?!env:|file:|https?:|\S*:(?:\s|$))[^\s\"',\]}]{8,}")


class Report:
    """The errors so far. Spans that may be secrets are covered in every line that is shown."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._lines = {file: _BREAKS.split(text) for file, text in texts.items()}
        self._covered: set[Spot] = set()
        self._covered_files: set[str] = set()
        self._found: list[tuple[Spot, FirmError]] = []

    def add(
        self, spot: Spot, code: str, message: str, *, hint: str = "", where: str = "", also: tuple[Spot, ...] = ()
    ) -> None:
        places = tuple(str(place) for place in also)
        error = FirmError(spot.file, spot.line, spot.column, code, message, where=where, hint=hint, also=places)
        self._found.append((spot, error))

    def cover(self, spot: Spot) -> None:
        self._covered.add(spot)

    def cover_file(self, file: str) -> None:
        """A file we could not read may hold a secret anywhere: cover every long word that is no key or reference."""
        self._covered_files.add(file)

    def __len__(self) -> int:
        return len(self._found)

    @property
    def errors(self) -> list[FirmError]:
        return [self._shown(spot, error) for spot, error in self._found]

    def _shown(self, spot: Spot, error: FirmError) -> FirmError:
        source = self._line(spot)
        # Built anew: `replace` would hide that width and source belong together.
        return FirmError(
            error.file,
            error.line,
            error.column,
            error.code,
            error.message,
            where=error.where,
            source=source,
            width=max(1, min(spot.width, len(source) - spot.column + 1)),
            hint=error.hint,
            also=error.also,
        )

    def _line(self, spot: Spot) -> str:
        lines = self._lines.get(spot.file, [])
        text = lines[spot.line - 1].rstrip("\r") if spot.line <= len(lines) else ""
        if spot.file in self._covered_files:
            text = _LONG_WORD.sub(lambda word: MASK * len(word[0]), text)
        for covered in self._covered:
            if (covered.file, covered.line) == (spot.file, spot.line):
                start, end = covered.column - 1, covered.column - 1 + covered.width
                text = text[:start] + MASK * len(text[start:end]) + text[end:]
        return text


def suggestion(word: str, known: Collection[str]) -> str:
    """The likeliest of the words that would have been right, or all of them."""
    likely = closest(word, known)
    if likely is not None:
        return f"did you mean `{likely}`?"
    if not known:
        return ""
    listed = sorted(known)
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return f"known: {', '.join(listed[:_LISTED])}{more}"


def closest(word: str, known: Collection[str]) -> str | None:
    folded = {_fold(name): name for name in known}
    matches = get_close_matches(_fold(word), folded, 1, 0.55)
    return folded[matches[0]] if matches else None


def _fold(word: str) -> str:
    return word.casefold().replace(" ", "_").replace("-", "_")
