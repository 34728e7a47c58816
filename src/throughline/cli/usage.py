"""`usage`: what meters said, handed in to be billed with the month."""

import csv
import getpass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import document, out
from throughline.cli.where import HERE, Where
from throughline.hub import usage
from throughline.hub.usage import Metered, NotTaken, Taken

READINGS = TypeAdapter(list[Metered])
FIRST_LINE = 2


async def take(file: Path, /, *, person: str | None = None, json: bool = False, where: Where = HERE) -> int:
    """Hand in a CSV file of readings, all or none; handed in again, it says nothing new.

    Parameters
    ----------
    file
        Columns: reference, of, day, quantity, unit; and, where known, line, approved_by, note.
    person
        Who hands them in; the user who runs this command if not said.
    json
        One JSON document instead of a sentence.
    """
    metered = read(file)
    async with asked(where.settings()) as machine:
        try:
            taken = await usage.take(machine, metered, person=person or getpass.getuser())
        except NotTaken as error:
            lines = "; ".join(f"line {n + FIRST_LINE}: {why}" for n, why in sorted(error.wrong.items()))
            raise Stop(f"{error} {lines}.", Exit.FOUND) from error
    return _say(metered, taken, json=json)


def read(file: Path) -> list[Metered]:
    """Every line of the file, or what is wrong with it."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = [{name: cell for name, cell in row.items() if cell} for row in csv.DictReader(lines, strict=True)]
        return READINGS.validate_python(rows)
    except ValidationError as error:
        found = "; ".join(f"line {at + FIRST_LINE}: {name}: {said}" for at, name, said in _wrong(error))
        raise Stop(f"{file} cannot be read: {found}.", Exit.USAGE) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Stop(f"{file} cannot be read: {error}.", Exit.USAGE) from error


def _wrong(error: ValidationError) -> list[tuple[int, str, str]]:
    return [(int(each["loc"][0]), ".".join(map(str, each["loc"][1:])), each["msg"]) for each in error.errors()]


def _say(metered: list[Metered], taken: Taken, *, json: bool) -> int:
    if json:
        told = zip(metered, taken.ids, strict=True)
        readings = [{"reference": each.reference, "id": id_, "new": id_ in taken.new} for each, id_ in told]
        document("usage", readings)
        return Exit.DONE
    out.print(f"{len(taken.ids)} readings, {len(taken.new)} of them say something new.", markup=False)
    return Exit.DONE
