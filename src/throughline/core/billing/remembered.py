"""Answers that are worked out once: a dictionary that asks when it does not know."""

from collections.abc import Callable


class Remembered[K, V](dict[K, V]):
    """`answers[question]`, at the speed of a dictionary from the second time on. At most so many are kept."""

    __slots__ = ("_ask", "_most")

    def __init__(self, ask: Callable[[K], V], *, most: int = 1_000_000) -> None:
        super().__init__()
        self._ask, self._most = ask, most

    def __missing__(self, question: K) -> V:
        answer = self._ask(question)
        if len(self) < self._most:
            self[question] = answer
        return answer
