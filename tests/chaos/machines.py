"""Machines that can be cut off: network namespaces on one bridge, each with an address of its own."""

import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

NET = "10.231.{}.{}"


@dataclass
class Machines:
    """Open it with `with`. The tests' own machine is `.1` on the bridge; each of `names` is another."""

    names: tuple[str, ...]
    mark: str = field(default_factory=lambda: f"{os.getpid() % 0xFFFF:x}")

    @property
    def here(self) -> str:
        return NET.format(os.getpid() % 250, 1)

    def __enter__(self) -> Self:
        try:
            _ip("link", "add", self._bridge, "type", "bridge")
            _ip("addr", "add", f"{self.here}/24", "dev", self._bridge)
            _ip("link", "set", self._bridge, "up")
            for number, name in enumerate(self.names):
                self._join(name, NET.format(os.getpid() % 250, number + 2))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in self.names:
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "del", self.space(name))
        with suppress(subprocess.CalledProcessError):
            _ip("link", "del", self._bridge)

    def space(self, name: str) -> str:
        return f"tl{self.mark}-{name}"

    def cut(self, name: str) -> None:
        """Its cable is pulled: nobody gets an answer, and nobody is told that there is none."""
        _ip("link", "set", self._cable(name), "down")

    def mend(self, name: str) -> None:
        _ip("link", "set", self._cable(name), "up")

    def _join(self, name: str, address: str) -> None:
        space, inside = self.space(name), f"{self._cable(name)}i"
        _ip("netns", "add", space)
        _ip("link", "add", self._cable(name), "type", "veth", "peer", "name", inside, "netns", space)
        _ip("link", "set", self._cable(name), "master", self._bridge, "up")
        _ip("-n", space, "addr", "add", f"{address}/24", "dev", inside)
        _ip("-n", space, "link", "set", inside, "up")
        _ip("-n", space, "link", "set", "lo", "up")

    @property
    def _bridge(self) -> str:
        return f"tl{self.mark}b"

    def _cable(self, name: str) -> str:
        return f"tl{self.mark}{name[:4]}"


def allowed() -> str | None:
    """Why there can be no machines here; None when there can."""
    try:
        with Machines(("try",)):
            return None
    except FileNotFoundError:
        return "there is no `ip`: install iproute2"
    except subprocess.CalledProcessError as error:
        return f"network namespaces are not allowed here: {error.stderr.decode().strip()}"


def _ip(*words: str) -> None:
    subprocess.run(("ip", *words), check=True, capture_output=True)
