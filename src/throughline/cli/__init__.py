"""The door at the terminal: stdout is data, stderr is talk."""

import sys
from importlib.metadata import version


def run() -> None:
    """The program `throughline`. Asking for its version imports nothing else: scripts do it often."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"{version('throughline')}\n")
        return
    from throughline.cli.program import main

    sys.exit(main(sys.argv[1:]))
