"""The demo firm's folder, shipped with the program so that the demo has something to run."""

from pathlib import Path

FIRM = Path(__file__).parent / "firm"
