"""Writes `docs/openapi.json`: the API's description as it is now. `python -m throughline.api.snapshot`."""

import json
import sys
from pathlib import Path

from throughline.api.application import described

SNAPSHOT = Path("docs/openapi.json")


def text() -> str:
    return json.dumps(described().openapi(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    SNAPSHOT.write_text(text(), encoding="utf-8")
    sys.stderr.write(f"{SNAPSHOT} is written.\n")
