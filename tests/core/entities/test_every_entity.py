"""What holds for every entity, whatever it is about."""

import inspect
import json
import re
import types
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NewType, Union, get_args, get_origin

import pytest
from annotated_types import Gt
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, AwareDatetime, BaseModel, ValidationError

from throughline.core import entities
from throughline.core.entities import KINDS, Entity, UnknownKind, Value, entity_kind
from throughline.core.money import Money, currency_code

GLOSSARY = Path(__file__).parents[3] / "docs" / "glossary.md"
OURS = [entity for entity in KINDS.values() if entity.__module__.startswith("throughline.core.entities.")]
PARTS = [
    part
    for part in vars(entities).values()
    if isinstance(part, type) and issubclass(part, Value) and part not in {Value, Entity} and part not in OURS
]
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(0, 10_000),
    str: st.text(min_size=1, max_size=20).filter(str.strip),
    Decimal: st.decimals(-(10**9), 10**9, places=4),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    AwareDatetime: st.datetimes(timezones=st.just(UTC)),
    types.NoneType: st.none(),
    Money: st.builds(Money, amount=st.decimals(-(10**9), 10**9, places=3), currency=st.just("EUR")),
}

every_entity = pytest.mark.parametrize("entity", OURS, ids=lambda entity: entity.kind)
every_part = pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Anything a field of this type may hold; all money in one currency."""
    if isinstance(hint, NewType):
        return values(hint.__supertype__)
    if get_args(hint):
        return composed(get_origin(hint), *get_args(hint))
    if issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    return PLAIN[hint] if hint in PLAIN else built(hint)


def composed(shape: Any, *hints: Any) -> st.SearchStrategy[Any]:
    if shape is Annotated:
        return annotated(*hints)
    if shape is tuple:
        return st.lists(values(hints[0]), max_size=2).map(tuple)
    assert shape in {Union, types.UnionType}
    return st.one_of(*map(values, hints))


def annotated(hint: Any, *notes: Any) -> st.SearchStrategy[Any]:
    if AfterValidator(currency_code) in notes:
        return st.just("EUR")
    if any(isinstance(note, Gt) for note in notes):
        return st.decimals("0.0001", 10**6, places=4)
    return values(hint)


def built(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    fields = {name: annotated(field.annotation, *field.metadata) for name, field in model.model_fields.items()}
    return st.fixed_dictionaries(fields).map(in_order).map(lambda found: valid(model, found))


def in_order(found: dict[str, Any]) -> dict[str, Any]:
    for first, last in (("starts", "ends"), ("effective_from", "effective_to")):
        if found.get(first) and found.get(last):
            found[first], found[last] = sorted([found[first], found[last]])
    return found


def valid(model: type[BaseModel], found: dict[str, Any]) -> BaseModel:
    try:
        return model(**found)
    except ValidationError as error:
        if "cannot charge itself" in str(error):
            reject()
        raise


def test_there_are_as_many_entities_as_a_services_firm_talks_about() -> None:
    assert len(OURS) == 55


@every_entity
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_it_survives_json(entity: type[Entity], data: st.DataObject) -> None:
    value = data.draw(built(entity))

    wire = json.loads(json.dumps(value.model_dump(mode="json")))

    assert entity.model_validate(wire) == value
    assert entity.model_validate_json(value.model_dump_json()) == value
    assert entity.model_validate(wire).model_dump_json() == value.model_dump_json()


@every_entity
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_it_is_frozen_and_can_be_kept_in_a_set(entity: type[Entity], data: st.DataObject) -> None:
    value = data.draw(built(entity))

    for field in entity.model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(value, field, None)
    assert len({value, value.model_copy()}) == 1


@every_entity
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_it_refuses_a_field_it_does_not_have(entity: type[Entity], data: st.DataObject) -> None:
    wire = data.draw(built(entity)).model_dump(mode="json")

    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        entity.model_validate({**wire, "colour": "green"})


@every_entity
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_it_has_an_id_of_ours(entity: type[Entity], data: st.DataObject) -> None:
    wire = data.draw(built(entity)).model_dump(mode="json")

    with pytest.raises(ValidationError, match="every entity has an id of ours"):
        entity.model_validate({**wire, "id": " "})


@every_entity
def test_its_id_is_of_a_type_of_its_own(entity: type[Entity]) -> None:
    hint = entity.model_fields["id"].annotation

    assert isinstance(hint, NewType)
    assert hint.__name__ == f"{entity.__name__}Id"


@every_entity
def test_its_kind_is_its_name_in_snake_case(entity: type[Entity]) -> None:
    assert entity.kind == re.sub(r"(?<!^)(?=[A-Z])", "_", entity.__name__).lower()
    assert entity_kind(entity.kind) is entity


@every_entity
def test_what_may_be_unknown_is_none_and_nothing_else_has_a_default(entity: type[Entity]) -> None:
    defaults = [field.default for field in entity.model_fields.values() if not field.is_required()]

    assert all(default in {None, ()} for default in defaults)


@pytest.mark.parametrize("model", [*OURS, *PARTS], ids=lambda model: model.__name__)
def test_no_field_holds_a_float_or_a_list(model: type[Value]) -> None:
    assert not {"float", "list", "dict", "Any"} & set(re.findall(r"\w+", str(model.__annotations__)))


@every_part
def test_a_part_is_frozen_and_closed_too(part: type[Value]) -> None:
    assert part.model_config.get("frozen")
    assert part.model_config.get("extra") == "forbid"


@every_entity
def test_the_glossary_says_what_it_is_in_the_words_of_the_code(entity: type[Entity]) -> None:
    assert glossary()[entity.kind.replace("_", " ")].startswith(sentence(entity))


@every_part
def test_the_glossary_knows_the_parts_as_well(part: type[Value]) -> None:
    assert glossary()[words(part)].startswith(sentence(part))


def test_the_glossary_lists_every_choice() -> None:
    choices = [found for found in vars(entities).values() if isinstance(found, type) and issubclass(found, StrEnum)]

    for choice in choices:
        listed = ", ".join(value.replace("_", " ") for value in choice)
        assert glossary()[words(choice)] == f"{sentence(choice)} One of: {listed}."


def test_the_glossary_marks_entities_that_exist_and_no_others() -> None:
    marked = re.findall(r"^\| \*\*(.+?)\*\* \|", GLOSSARY.read_text(), flags=re.MULTILINE)

    assert sorted(marked) == sorted(entity.kind.replace("_", " ") for entity in OURS)


def test_choices_are_written_in_lower_case() -> None:
    choices = [found for found in vars(entities).values() if isinstance(found, type) and issubclass(found, StrEnum)]

    assert all(value == value.lower() == value.name.lower() for choice in choices for value in choice)


def test_an_unknown_kind_is_refused_with_the_kinds_there_are() -> None:
    with pytest.raises(UnknownKind, match=r"no entity 'client'; there are .*customer"):
        entity_kind("client")


def test_two_entities_of_one_kind_are_refused() -> None:
    with pytest.raises(TypeError, match="two entities are called 'customer': Customer and Impostor"):
        type("Impostor", (Entity,), {"kind": "customer", "__annotations__": {}, "__module__": __name__})


def test_everything_public_can_be_imported_from_one_place() -> None:
    for module in (found for found in vars(entities).values() if inspect.ismodule(found)):
        own = {name for name, found in vars(module).items() if getattr(found, "__module__", "") == module.__name__}
        if module.__name__ not in {"throughline.core.entities.base", "throughline.core.entities.sensitive"}:
            assert own <= set(entities.__all__)


def glossary() -> dict[str, str]:
    rows = re.findall(r"^\| (?:\*\*)?(.+?)(?:\*\*)? \| (.+) \|$", GLOSSARY.read_text(), flags=re.MULTILINE)
    return dict(rows)


def sentence(model: type) -> str:
    first, *_ = (inspect.getdoc(model) or "").split("\n\n")
    return " ".join(first.split())


def words(model: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", " ", model.__name__).lower()
