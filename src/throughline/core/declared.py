"""Declared: every address a door answers, with the one right it needs; the guards, the docs and the matrix read it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from throughline.core.rights import Right

_PLACE = re.compile(r"\{[^{}]+\}")
_WITH_SLASHES = ":path}"


@dataclass(frozen=True)
class Declared:
    """One address; `needs` is OPEN for what nobody has to be let in for, None when it was forgotten."""

    method: str
    path: str
    needs: Right | str | None

    def fits(self, method: str, path: str) -> bool:
        return self.method == method and self.leads(path)

    def leads(self, path: str) -> bool:
        """Whether this is the path, whatever the method."""
        return self._pattern.fullmatch(path) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        literal = [re.escape(piece) for piece in _PLACE.split(self.path)]
        places = [".+" if each.endswith(_WITH_SLASHES) else "[^/]+" for each in _PLACE.findall(self.path)]
        return re.compile("".join(a + b for a, b in zip(literal, [*places, ""], strict=True)))


def at(addresses: Iterable[Declared], method: str, path: str) -> Declared | None:
    """The address a request is for: the first that fits, as the door's own router takes it."""
    asked = "GET" if method == "HEAD" else method
    return next((each for each in addresses if each.fits(asked, path)), None)


def nowhere(addresses: Iterable[Declared], path: str) -> bool:
    """Whether nothing is declared there. The guard says so itself: a router may take a path for one it nearly is."""
    return not any(each.leads(path) for each in addresses)
