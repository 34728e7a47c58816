"""Checks every word of the YAML files that points at something else: is it there?"""

from collections.abc import Callable, Collection, Iterator
from enum import Enum
from typing import Any, get_args
from zoneinfo import available_timezones

from throughline.core.entities import KINDS
from throughline.core.ownership import EVERYTHING_ELSE, HUB
from throughline.core.roles import Role
from throughline.hub.firm.countries import COUNTRIES, country_hint
from throughline.hub.firm.documents import Node
from throughline.hub.firm.draft import Draft, secret_settings
from throughline.hub.firm.errors import Spot
from throughline.hub.firm.report import suggestion

_RESERVED = {HUB, *(role.value for role in Role)}


def check_documents(draft: Draft, connectors: Collection[str] | None) -> None:
    checks: tuple[Callable[[Draft], None], ...] = (_legal_entities, _systems, _roles, _ownership, _overlays, _policies)
    for check in checks:
        check(draft)
    if connectors is not None:
        for document in draft.shelf("systems").values():
            _known(draft, document.each("connector"), connectors, "connector that is installed")


def legal_entity_codes(draft: Draft) -> set[str] | None:
    return draft.complete("firm.yaml", "legal_entities", "*", "code")


def _known(draft: Draft, nodes: Iterator[Node], known: Collection[str] | None, noun: str) -> None:
    for node in nodes:
        if isinstance(node.value, str) and known is not None and node.value not in known:
            draft.report.add(
                node.spot, "unknown-word", f"`{node.value}` is no {noun}", hint=suggestion(node.value, known)
            )


def _legal_entities(draft: Draft) -> None:
    document = draft.documents.get("firm.yaml")
    if document is None:
        return
    _once(draft, [*document.each("legal_entities", "*", "code")], "legal entity")
    _once(draft, [*document.each("service_lines", "*")], "service line")
    for node in document.each("legal_entities", "*", "country"):
        if isinstance(node.value, str) and node.value not in COUNTRIES:
            message = f"`{node.value}` is no ISO 3166 country"
            draft.report.add(node.spot, "unknown-country", message, hint=country_hint(node.value))
    # A machine may carry no time zones at all; then nothing can be said about them here.
    zones = available_timezones()
    _known(draft, document.each("legal_entities", "*", "timezone"), zones or None, "time zone")


def _once(draft: Draft, nodes: list[Node], noun: str) -> None:
    first: dict[str, Spot] = {}
    for node in nodes:
        if isinstance(node.value, str):
            _refuse_second(draft, first, node.value, node.spot, f"{noun} `{node.value}`")


def _refuse_second(draft: Draft, first: dict[Any, Spot], key: Any, spot: Spot, noun: str) -> None:
    if key in first:
        message = f"{noun} is there twice; first at {first[key].file}:{first[key].line}"
        draft.report.add(spot, "duplicate", message, hint="delete one of the two", also=(first[key],))
    first.setdefault(key, spot)


def _systems(draft: Draft) -> None:
    for document in draft.shelf("systems").values():
        _known(draft, document.each("serves", "entities", "*"), KINDS, "entity")
        _known(draft, document.each("serves", "legal_entities", "*"), legal_entity_codes(draft), "legal entity")
        _known(draft, document.each("limits", "day_timezone"), available_timezones() or None, "time zone")
        for setting in [node for settings in document.each("settings") for node in secret_settings(settings)]:
            message = "a secret does not belong among the settings"
            draft.report.add(
                setting.key, "literal-secret", message, hint="name it under `credentials`, as env: or file:"
            )


def _roles(draft: Draft) -> None:
    """Two systems that play one role for the same entities would both be written to, or neither."""
    for name in draft.systems() & _RESERVED:
        message = f"a system cannot be called `{name}`: in ownership.yaml that is a role, or Throughline itself"
        draft.report.add(Spot(f"systems/{name}.yaml", 1), "reserved-name", message, hint="rename it after the product")
    first: dict[Any, Spot] = {}
    for document in draft.shelf("systems").values():
        serves = [
            [sorted(str(n.value) for n in document.each("serves", part, "*"))]
            for part in ("entities", "legal_entities")
        ]
        for role in document.each("roles", "*"):
            if isinstance(role.value, str):
                _refuse_second(draft, first, (role.value, str(serves)), role.spot, f"a system for role `{role.value}`")


def _owners(draft: Draft) -> set[str]:
    """The hub, every system, and every role that a system plays; all roles when not every system could be read."""
    documents, roles = draft.shelf("systems"), {role.value for role in Role}
    played = {str(node.value) for document in documents.values() for node in document.each("roles", "*")}
    certain = len(documents) == len(draft.systems()) and played <= roles
    return {HUB} | draft.systems() | (played if certain else roles)


def _ownership(draft: Draft) -> None:
    document = draft.documents.get("ownership.yaml")
    for kind, fields in (document.items() if document else {}).items():
        if kind.startswith("x-"):
            continue
        if kind not in KINDS:
            draft.report.add(fields.key, "unknown-word", f"`{kind}` is no entity", hint=suggestion(kind, KINDS))
            continue
        _known(draft, fields.each("*"), _owners(draft), "owner: neither `hub`, nor a system, nor a role one plays")
        _owned_fields(draft, kind, fields)


def _owned_fields(draft: Draft, kind: str, fields: Node) -> None:
    known = set(KINDS[kind].model_fields) - {"id"}
    written = fields.items()
    for name, node in written.items():
        if name not in known | {EVERYTHING_ELSE}:
            draft.report.add(node.key, "unknown-word", f"{kind} has no field `{name}`", hint=suggestion(name, known))
    missing = sorted(known - set(written))
    if missing and EVERYTHING_ELSE not in written and isinstance(fields.value, dict):
        message = f"nobody owns {', '.join(missing[:4])}{' and others' if len(missing) > 4 else ''} of {kind}"
        draft.report.add(fields.key, "missing", message, hint='add a line `"*": <owner>` for everything else')


def _overlays(draft: Draft) -> None:
    first: dict[Any, Spot] = {}
    for document in draft.shelf("mappings").values():
        _known(draft, document.each("system"), draft.systems(), "system of this firm")
        _known(draft, document.each("entity"), KINDS, "entity")
        system, kind = document.text("system"), document.text("entity")
        if system and kind:
            spot = document.items()["entity"].spot
            _refuse_second(draft, first, (system, kind), spot, f"a mapping of {kind} for {system}")
        for row in document.each("rows", "*"):
            _overlay_row(draft, row)
        if kind in KINDS:
            _overlay_fields(draft, str(kind), document)


def _overlay_row(draft: Draft, row: Node) -> None:
    written = row.items()
    if isinstance(row.value, dict) and ("ours" in written) == ("value" in written):
        message = "a row has either `ours`, a field of ours, or `value`, a constant they want to see"
        draft.report.add(row.spot, "wrong-form", message, hint="write exactly one of the two")


def _overlay_fields(draft: Draft, kind: str, document: Node) -> None:
    known = set(KINDS[kind].model_fields) - {"id"}
    _known(draft, document.each("rows", "*", "ours"), known, f"field of {kind}")
    for choices in document.each("choices"):
        for name, node in choices.items().items():
            if name not in known:
                draft.report.add(
                    node.key, "unknown-word", f"{kind} has no field `{name}`", hint=suggestion(name, known)
                )
            elif words := _words(KINDS[kind].model_fields[name].annotation):
                _known(draft, node.each("*"), words, f"{name} of ours")


def _words(annotation: Any) -> set[str]:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {str(member.value) for member in annotation}
    return {word for inner in get_args(annotation) for word in _words(inner)}


def _policies(draft: Draft) -> None:
    document = draft.documents.get("policies.yaml")
    if document is None:
        return
    for part in ("approvals", "cut_offs"):
        _known(draft, document.each(part, "*", "legal_entity"), legal_entity_codes(draft), "legal entity")
    _once_each(draft, document, "approvals", ("currency", "legal_entity", "above"))
    limits = document.each("sign_in", "legal_entities", "*", "*")
    _known(draft, limits, legal_entity_codes(draft), "legal entity")
    _once_each(draft, document, "four_eyes", ("currency",))
    _once_each(draft, document, "cut_offs", ("name", "legal_entity"))
    for owners in document.each("hold_owners"):
        if isinstance(owners.value, dict) and EVERYTHING_ELSE not in owners.value:
            message = "nobody owns a hold of a part that is not listed here"
            draft.report.add(owners.key, "missing", message, hint='add a line `"*": <who answers for the rest>`')
    for kind, fields in [item for masking in document.each("masking") for item in masking.items().items()]:
        if kind in KINDS:
            _known(draft, fields.each("*"), set(KINDS[kind].model_fields), f"field of {kind}")
        else:
            draft.report.add(fields.key, "unknown-word", f"`{kind}` is no entity", hint=suggestion(kind, KINDS))


def _once_each(draft: Draft, document: Node, part: str, columns: tuple[str, ...]) -> None:
    first: dict[Any, Spot] = {}
    for item in document.each(part, "*"):
        key = tuple(item.text(column) for column in columns)
        _refuse_second(draft, first, key, item.spot, f"this line of `{part}`")
