"""The archive folder: whether this machine may write there, and whether there is room."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

LEAST_ROOM = 2 * 2**30


@dataclass(frozen=True, slots=True)
class Room:
    """What a look at the folder found, and what to do about it."""

    fine: bool
    told: str
    fix: str = ""


def looked_at(folder: Path | None) -> Room:
    """Nothing is made or written by looking."""
    if folder is None:
        return Room(fine=False, told="no folder", fix="Set THROUGHLINE_ARCHIVE.")
    place = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return Room(
            fine=False, told=f"{place} cannot be written", fix="Give the program's user the right to write there."
        )
    free = shutil.disk_usage(place).free
    if free < LEAST_ROOM:
        return Room(fine=False, told=f"{free / 2**30:.1f} GiB free in {place}", fix="Make room, or move it.")
    return Room(fine=True, told=f"{free / 2**30:.1f} GiB free in {place}")
