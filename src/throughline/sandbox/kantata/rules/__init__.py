"""What Kantata insists on: presence, choices and references for all, and a rule of its own for some collections."""

from collections.abc import Callable, Iterable

from throughline.sandbox.kantata.errors import Problem, invalid
from throughline.sandbox.kantata.rules import fields, projects, rates, work
from throughline.sandbox.kantata.rules.check import Check
from throughline.sandbox.kantata.schema.shape import Collection
from throughline.sandbox.kantata.values import blank, human

type Rule = Callable[[Check], Iterable[Problem]]

RULES: dict[str, Rule] = {**projects.RULES, **work.RULES, **rates.RULES, **fields.RULES}
MESSAGES = {"workspaces.title": "Please give your project a title"}

__all__ = ["Check", "problems"]


def problems(collection: Collection, check: Check) -> list[Problem]:
    """The general faults first; a collection's own rule is asked only about a record that is sound so far."""
    general = [*_missing(collection, check), *_chosen(collection, check), *_unlinked(collection, check)]
    rule = RULES.get(collection.name)
    return general or (list(rule(check)) if rule else [])


def _missing(collection: Collection, check: Check) -> Iterable[Problem]:
    for name in collection.required:
        if (check.creating or name in check.given) and blank(check.record.get(name)):
            yield invalid(name, MESSAGES.get(f"{collection.name}.{name}", f"{human(name)} can't be blank"))
    if collection.name == "workspaces" and check.creating and blank(check.given.get("creator_role")):
        yield invalid("creator_role", "Please select a role for this project")


def _chosen(collection: Collection, check: Check) -> Iterable[Problem]:
    for name, allowed in collection.choices.items():
        value = check.given.get(name)
        if not blank(value) and value not in allowed:
            yield invalid(name, f"{human(name)} is not included in the list")


def _unlinked(collection: Collection, check: Check) -> Iterable[Problem]:
    for key, link in collection.foreign_keys.items():
        held = check.given.get(key)
        for id_ in held if isinstance(held, list) else [held]:
            if id_ is not None and not check.reader.get(link.to, id_):
                yield invalid(key, f"{human(key.removesuffix('s'))} must exist")
