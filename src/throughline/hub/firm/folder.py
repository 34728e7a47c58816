"""Which files a firm's folder has, where each belongs, and reading them as text."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from throughline.hub.firm.errors import FirmError, FirmErrors, Spot
from throughline.hub.firm.report import Report, closest

REQUIRED = ("firm.yaml", "ownership.yaml", "policies.yaml")
SHELVES = {"systems": ".yaml", "mappings": ".yaml", "tables": ".csv"}
_READ = {".yaml", ".yml", ".csv"}
_HIDDEN = (".", "_", "~")
_LARGEST = 4_000_000


def read_folder(folder: Path) -> dict[str, str]:
    """Every YAML and CSV file by its path inside the folder. Secrets have other names, and are never read."""
    files: dict[str, str] = {}
    errors: list[FirmError] = []
    if not folder.is_dir():
        errors.append(FirmError(str(folder), 1, 1, "missing", "there is no such folder"))
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix.lower() not in _READ or any(part.startswith(_HIDDEN) for part in PurePosixPath(name).parts):
            continue
        read = _text(name, path) if path.is_file() else None
        if isinstance(read, FirmError):
            errors.append(read)
        elif read is not None:
            files[name] = read
    if errors:
        raise FirmErrors(errors)
    return files


def _text(name: str, path: Path) -> str | FirmError:
    if path.stat().st_size > _LARGEST:
        return FirmError(name, 1, 1, "too-large", f"this file is larger than {_LARGEST // 1_000_000} MB")
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        message = "this file is not written in UTF-8; save it again as `CSV UTF-8` or as UTF-8 text"
        return FirmError(name, before.count(b"\n") + 1, column, "encoding", message)


def check_places(files: Mapping[str, str], report: Report) -> None:
    """Every file is where it is looked for: one that nobody reads would be believed and have no effect."""
    for required in REQUIRED:
        if required not in files:
            report.add(Spot(required, 1), "missing", "this file is required", hint=_renamed(required, files))
    for name in files:
        if not belongs(name):
            report.add(Spot(name, 1), "misplaced", "no file of this name is ever read", hint=_place(name))


def belongs(name: str) -> bool:
    path = PurePosixPath(name)
    if len(path.parts) == 1:
        return name in REQUIRED
    return len(path.parts) == 2 and SHELVES.get(path.parts[0]) == path.suffix


def _place(name: str) -> str:
    path = PurePosixPath(name)
    if path.suffix == ".csv" and len(path.parts) == 1:
        return f"did you mean `tables/{name}`?"
    if len(path.parts) == 1:
        likely = closest(path.stem + ".yaml", REQUIRED)
        return f"did you mean `{likely}`?" if likely else f"there is {', '.join(REQUIRED)}"
    shelf = closest(path.parts[0], SHELVES)
    if shelf is None:
        return "there is systems/*.yaml, mappings/*.yaml and tables/*.csv"
    return f"did you mean `{shelf}/{path.stem}{SHELVES[shelf]}`?"


def _renamed(required: str, files: Mapping[str, str]) -> str:
    likely = closest(required, [name for name in files if not belongs(name)])
    return f"is `{likely}` meant to be it?" if likely else "add it"
