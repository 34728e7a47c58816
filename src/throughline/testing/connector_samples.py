"""Made-up entities for a mapping to write and read, and names that can be followed both ways."""

import random
import types
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, NewType, TypeAliasType, Union, get_args, get_origin

from pydantic import AfterValidator, AwareDatetime, BaseModel

from throughline.core.entities import Entity
from throughline.core.forms import Amount, Choice, Form, MinorUnits, Minutes, Record, dig
from throughline.core.lists import Line, Lines, One
from throughline.core.mapping import Mapping, Row
from throughline.core.money import MINOR_DIGITS, Money, currency_code
from throughline.core.records import bury

CURRENCY = "EUR"
FIRST_DAY = date(2026, 1, 1)
SPANS = (("starts", "ends"), ("effective_from", "effective_to"))


def sample(mapping: Mapping, chance: random.Random) -> Entity:
    """An entity with every field filled, and choices that the mapping has a spelling for."""
    fields = _fields(mapping.entity, chance)
    for row in mapping.rows:
        if isinstance(row.form, Choice) and row.ours:
            fields[row.ours] = chance.choice(sorted(set(row.form.ours_by_theirs.values())))
        elif isinstance(row.form, Minutes) and row.ours:
            # A system that counts minutes cannot show every decimal of an hour; people book quarters.
            fields[row.ours] = str(Decimal(chance.randrange(1, 1000)) / 4)
        elif isinstance(row.form, Lines) and row.ours:
            fields[row.ours] = [_spellable(line, row.form.lines, chance) for line in fields[row.ours]]
    return mapping.entity.model_validate(fields)


def forms(rows: tuple[Row, ...] | tuple[Line, ...]) -> Iterator[Form]:
    """Every form of a table, those inside lists and lines included."""
    for row in rows:
        yield row.form
        if isinstance(row.form, Lines):
            yield from forms(row.form.lines)
        elif isinstance(row.form, One):
            yield row.form.form


def with_neighbours(record: Record, mapping: Mapping) -> Record:
    """What a system shows beside an amount: its currency, and how many units make a whole."""
    for form in forms(mapping.rows):
        if isinstance(form, (Amount, MinorUnits)) and not dig(record, form.currency)[0]:
            bury(record, form.currency, CURRENCY)
        if isinstance(form, MinorUnits) and not dig(record, form.base_unit)[0]:
            bury(record, form.base_unit, 10 ** MINOR_DIGITS[CURRENCY])
    return record


class Mirror:
    """Names in which everything has a key and a code of its own, and each leads back to where it came from."""

    def __init__(self) -> None:
        self._meant: dict[tuple[str, str, str, str], str] = {}

    def our_id(self, kind: str, key: str) -> str | None:
        return key.removeprefix(f"their-{kind}-") if key.startswith(f"their-{kind}-") else None

    def their_key(self, kind: str, id_: str) -> str | None:
        return f"their-{kind}-{id_}"

    def in_table(self, table: str, column: str, *, where: Dict[str, str]) -> str | None:
        for given, value in where.items():
            if (meant := self._meant.get((table, given, value, column))) is not None:
                return meant
            if value.startswith(f"{table}/{given}/"):
                return None
        code = f"{table}/{column}/{'/'.join(where.values())}"
        self._meant |= {(table, column, code, given): value for given, value in where.items()}
        return code


def _fields(model: type[BaseModel], chance: random.Random) -> dict[str, Any]:
    fields = {
        name: _noted(field.annotation, field.metadata, name, chance) for name, field in model.model_fields.items()
    }
    for first, last in SPANS:
        if first in fields and last in fields:
            fields[first], fields[last] = sorted([fields[first], fields[last]])
    return fields


def _noted(hint: Any, notes: Any, name: str, chance: random.Random) -> Any:
    return CURRENCY if AfterValidator(currency_code) in notes else _value(hint, name, chance)


def _value(hint: Any, name: str, chance: random.Random) -> Any:  # noqa: PLR0911 - one end per kind of type
    """A value of this type, in JSON as our entities print themselves; all money is in one currency."""
    if isinstance(hint, NewType):
        return f"{name}-{chance.randrange(10**6)}"
    if isinstance(hint, TypeAliasType):
        return _value(hint.__value__, name, chance)
    shape, inner = get_origin(hint), get_args(hint)
    if shape is Annotated:
        return _noted(inner[0], inner[1:], name, chance)
    if shape in {Union, types.UnionType}:
        return _value(next(each for each in inner if each is not types.NoneType), name, chance)
    if shape is tuple:
        return [_value(inner[0], name, chance) for _ in range(chance.randint(1, 3))]
    if issubclass(hint, StrEnum):
        return chance.choice(list(hint)).value
    if issubclass(hint, BaseModel) and hint is not Money:
        return _fields(hint, chance)
    return _plain(hint, name, chance)


def _plain(hint: type, name: str, chance: random.Random) -> Any:
    amount = Decimal(chance.randrange(1, 10**8)).scaleb(-2)
    day = FIRST_DAY + timedelta(days=chance.randrange(700))
    made: dict[Any, Any] = {
        str: f"{name} {chance.randrange(10**6)} ä'\"%_",
        bool: chance.random() < 0.5,
        int: chance.randrange(1, 500),
        Decimal: str(amount),
        Money: {"amount": str(amount), "currency": CURRENCY},
        date: day.isoformat(),
        datetime: datetime(day.year, day.month, day.day, 12, tzinfo=UTC).isoformat(),
        AwareDatetime: datetime(day.year, day.month, day.day, 12, tzinfo=UTC).isoformat(),
    }
    return made[hint]


def _spellable(line: Record, rows: tuple[Line, ...], chance: random.Random) -> Record:
    chosen = {
        row.ours: chance.choice(sorted(set(row.form.ours_by_theirs.values())))
        for row in rows
        if isinstance(row.form, Choice)
    }
    return {**line, **chosen}
