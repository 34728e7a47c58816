"""The contract's part about mappings: data, real fields, and the same value there and back."""

import random
from collections.abc import Mapping as Dict
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any, get_args

from throughline.core import exact
from throughline.core.lists import Line, Lines
from throughline.core.mapping import Mapping, Row
from throughline.testing.connector_hostile import spoiled
from throughline.testing.connector_samples import Mirror, sample, with_neighbours
from throughline.testing.connector_subject import Broken, Subject

SAMPLES = 25


def tables_are_data(subject: Subject) -> None:
    """A mapping holds no functions, so that it can be shown, versioned and overlaid by a firm."""
    for mapping in subject.connector.mappings:
        printed = [_printed(row, f"{mapping.kind}.{row.ours or row.theirs}") for row in mapping.rows]
        if exact.loads(exact.dumps(printed)) != printed:
            raise Broken(f"the rows of {mapping.kind} do not survive being written as JSON and read again")


def rows_name_real_fields(subject: Subject) -> None:
    """Every row and every line of a row names a field there is, and none is written or read twice."""
    kinds = [mapping.kind for mapping in subject.connector.mappings]
    if doubled := sorted({kind for kind in kinds if kinds.count(kind) > 1}):
        raise Broken(f"{', '.join(doubled)} has two mappings: the second is never used")
    for mapping in subject.connector.mappings:
        _refuse_doubles(mapping)
        for row in mapping.rows:
            if isinstance(row.form, Lines):
                _refuse_strangers(mapping, row, row.form.lines)


def what_is_written_is_read_back(subject: Subject) -> None:
    """A both-way row says the same after it was written, sent as JSON, shown by the system and read."""
    chance = random.Random(subject.connector.name)  # noqa: S311 - chosen by seed, so that a failure repeats
    for mapping in subject.connector.mappings:
        for _ in range(SAMPLES):
            _there_and_back(mapping, chance)


def nonsense_is_unread(subject: Subject) -> None:
    """A record with a value nobody expects becomes a claim that says so, never an error."""
    chance = random.Random(subject.connector.name)  # noqa: S311 - see above
    for mapping in subject.connector.mappings:
        record, names = shown(mapping, chance)[1:]
        for spoilt in spoiled(record, chance):
            try:
                mapping.read(spoilt, system="pretend", names=names)
            except Exception as error:
                raise Broken(f"reading a {mapping.kind} raised {error!r} for {spoilt!r:.300}") from error


def _printed(value: Any, where: str) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        inner = {each.name: _printed(getattr(value, each.name), where) for each in fields(value)}
        return {"is": type(value).__name__, **inner}
    if isinstance(value, Dict):
        return {str(name): _printed(each, where) for name, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [_printed(each, where) for each in value]
    if value is None or isinstance(value, (str, int, Decimal)):
        return value
    raise Broken(f"the row {where} holds {value!r}: a mapping is data, behaviour belongs into api.py")


def _refuse_doubles(mapping: Mapping) -> None:
    for way, named in (("in", [row.ours for row in mapping.rows if row.ours and row.flow != "out"]),
                       ("out", [row.theirs for row in mapping.rows if row.flow != "in"])):  # fmt: skip
        if doubled := sorted({name for name in named if named.count(name) > 1}):
            verb = "read" if way == "in" else "written"
            raise Broken(f"{mapping.kind}: {', '.join(doubled)} is {verb} twice, and the last row wins")


def _refuse_strangers(mapping: Mapping, row: Row, lines: tuple[Line, ...]) -> None:
    part = next((each for each in get_args(mapping.entity.model_fields[row.ours].annotation) if each is not ...), None)
    known = set(getattr(part, "model_fields", ()))
    if strangers := sorted({line.ours for line in lines if line.ours} - known):
        raise Broken(f"{mapping.kind}.{row.ours}: a line has no field {', '.join(strangers)}")


def shown(mapping: Mapping, chance: random.Random) -> tuple[dict[str, Any], dict[str, Any], Mirror]:
    """An entity's fields, the record a system would show for them, and the names to read it with."""
    try:
        entity = sample(mapping, chance)
    except ValueError as error:
        raise Broken(f"{mapping.kind}: a value the mapping reads is none the entity has: {error}") from error
    told, names = entity.model_dump(mode="json"), Mirror()
    sent = mapping.write({name: told[name] for name in sorted(mapping.writable())}, names=names, around=told)
    record = with_neighbours(exact.loads(exact.dumps(sent)), mapping)
    return told, {mapping.key: "their-1", **record}, names


def _there_and_back(mapping: Mapping, chance: random.Random) -> None:
    told, record, names = shown(mapping, chance)
    claim = mapping.read(record, system="pretend", names=names)
    for row in mapping.rows:
        if row.flow != "both" or not row.ours:
            continue
        if row.ours in claim.unread:
            raise Broken(f"{mapping.kind}.{row.ours} cannot be read back: {claim.unread[row.ours]}")
        said, read = told[row.ours], claim.fields.get(row.ours)
        if isinstance(row.form, Lines):
            both = [line.ours for line in row.form.lines if line.flow == "both" and line.ours]
            said = [{name: line.get(name) for name in both} for line in said]
            read = [{name: line.get(name) for name in both} for line in read or []]
        if said != read:
            raise Broken(f"{mapping.kind}.{row.ours} was {said!r:.200} and is read back as {read!r:.200}")
