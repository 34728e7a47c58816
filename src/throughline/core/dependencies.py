"""Which kinds of entity must be there before which: read off the ids their fields carry."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NewType, get_args

from pydantic import BaseModel

from throughline.core.entities import KINDS, Entity


@cache
def ranks() -> dict[str, int]:
    """A number per kind: whatever a kind points at has a lower one. Where kinds point at each other, who is declared
    first comes first.
    """
    order: list[str] = []
    for kind in KINDS:
        _visit(kind, order, set())
    return {kind: n for n, kind in enumerate(order)}


def rank(kind: str | None) -> int:
    """What we cannot name comes last."""
    return ranks().get(kind or "", len(ranks()))


def kind_of(id_: str) -> str:
    """`project-of-opportunity-7f3k` is a project."""
    return next((kind for kind in sorted(KINDS, key=len, reverse=True) if id_.startswith(f"{kind}-")), "")


def _visit(kind: str, order: list[str], under_way: set[str]) -> None:
    if kind in order or kind in under_way:
        return
    for other in _pointed_at(KINDS[kind]):
        _visit(other, order, under_way | {kind})
    order.append(kind)


def _pointed_at(entity: type[Entity]) -> list[str]:
    by_id = {each.model_fields["id"].annotation: kind for kind, each in KINDS.items()}
    ids = {each for name, field in entity.model_fields.items() if name != "id" for each in _ids(field.annotation)}
    return [kind for kind in KINDS if any(by_id.get(each) == kind for each in ids)]


def _ids(annotation: Any) -> Iterator[Any]:
    if isinstance(annotation, NewType):
        yield annotation
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for field in annotation.model_fields.values():
            yield from _ids(field.annotation)
    else:
        for argument in get_args(annotation):
            yield from _ids(argument)
