"""What time it is, as an argument."""

from collections.abc import Callable
from datetime import datetime

type Clock = Callable[[], datetime]

# Seconds since some moment, which nobody can set: for how long, never for when.
type Monotonic = Callable[[], float]
