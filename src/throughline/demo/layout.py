"""Lays the demo firm out in a folder of its own: its files, its secrets, and where its systems are today."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from throughline.demo import FIRM

LAID_OUT = ("firm", "secrets")
# Which of the estate's credentials goes into which file that systems/*.yaml refers to.
SECRETS = {
    "salesforce.key": ("salesforce", "private_key"),
    "netsuite.key": ("netsuite", "private_key"),
    "netsuite.hook": ("netsuite", "webhook_secret"),
    "kantata.token": ("kantata", "token"),
    "slack.token": ("slack", "bot_token"),
    "slack.signing": ("slack", "signing_secret"),
    "workday.refresh": ("workday", "refresh_token"),
    "workday.client": ("workday", "client_secret"),
}
_URL = re.compile(r"^url: .*$", re.MULTILINE)


def lay_out(home: Path, handout: Mapping[str, Any]) -> Path:
    """`home/firm` and `home/secrets`, ready to run. What somebody changed in the firm stays; only addresses move."""
    firm, kept = (home / name for name in LAID_OUT)
    if not firm.exists():
        _copy(firm)
    kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, (system, field) in SECRETS.items():
        _write_private(kept / name, handout[system][field])
    for path in sorted((firm / "systems").glob("*.yaml")):
        if path.stem in handout:
            _move(path, handout[path.stem]["url"])
    return firm


def _copy(firm: Path) -> None:
    """Whole or not at all: half a firm would be taken for one that somebody had changed."""
    draft = firm.with_name(f"{firm.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(FIRM, draft)
    draft.rename(firm)


def _move(path: Path, url: str) -> None:
    before = path.read_text(encoding="utf-8")
    here = _URL.sub(lambda _: f"url: {url}", before)
    if here != before:
        # Replaced, not rewritten: a program that watches the folder never reads half a file.
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text(here, encoding="utf-8")
        draft.replace(path)


def _write_private(path: Path, text: str) -> None:
    """Replaced as well, for nobody else to read."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
