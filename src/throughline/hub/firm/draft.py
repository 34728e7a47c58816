"""A folder half way: every file read on its own, nothing believed until all of it is right."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from pydantic import BaseModel, ValidationError

from throughline.core.firm import Overlay, SecretRef, System
from throughline.core.policies import Policies
from throughline.hub.firm.documents import Node, read_document
from throughline.hub.firm.folder import belongs, check_places
from throughline.hub.firm.identity import Identity, Ownership
from throughline.hub.firm.report import Report, closest
from throughline.hub.firm.tables import Written, read_table
from throughline.hub.firm.words import in_words, worth_saying

_SINGLE: dict[str, type[BaseModel]] = {"firm.yaml": Identity, "ownership.yaml": Ownership, "policies.yaml": Policies}
_SHELVED: dict[str, type[BaseModel]] = {"systems": System, "mappings": Overlay}

# What a misspelt key holds may be a secret as well, so these are the only ones whose values are shown.
_PUBLIC = set(System.model_fields) - {"credentials", "hook_secret"}
_SECRET_NAME = re.compile(r"(secret|password|passphrase|token|private_key|api_key)$", re.IGNORECASE)


@dataclass(slots=True)
class Draft:
    """The documents and tables with their places, and the values of those that were right in themselves."""

    report: Report
    files: tuple[str, ...]
    documents: dict[str, Node] = field(default_factory=dict[str, Node])
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    tables: dict[str, Written] = field(default_factory=dict[str, Written])

    def systems(self) -> set[str]:
        """The names of all systems, those included whose file could not be read."""
        return {PurePosixPath(file).stem for file in self.files if file.startswith("systems/") and belongs(file)}

    def shelf(self, name: str) -> dict[str, Node]:
        return {file: node for file, node in self.documents.items() if file.startswith(f"{name}/")}

    def complete(self, name: str, *steps: str) -> set[str] | None:
        """The words at a place of one document; None when it is not there, so that nothing can be said about them."""
        document = self.documents.get(name)
        if document is None or document.step(steps[0]) is None:
            return None
        return {node.value for node in document.each(*steps) if isinstance(node.value, str)}


def read(files: Mapping[str, str]) -> Draft:
    texts = {file: _tidy(text) for file, text in sorted(files.items())}
    draft = Draft(Report(texts), tuple(texts))
    check_places(texts, draft.report)
    for file, text in texts.items():
        if not belongs(file):
            continue
        if file.endswith(".csv"):
            written = read_table(file, text, draft.report)
            draft.tables[written.table.name] = written
        else:
            _read_values(draft, file, text)
    return draft


def _tidy(text: str) -> str:
    """Without the mark Excel puts in front, and with one kind of line end."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _read_values(draft: Draft, file: str, text: str) -> None:
    before = len(draft.report)
    document = read_document(file, text, draft.report)
    if len(draft.report) > before and file.startswith("systems/"):
        draft.report.cover_file(file)
    if document is None:
        return
    draft.documents[file] = document
    path = PurePosixPath(file)
    model = _SINGLE.get(file) or _SHELVED[path.parts[0]]
    said = {name: value for name, value in document.plain().items() if not name.startswith("x-")}
    if model is System:
        _cover_secrets(document, draft.report)
        said = {**said, **_references(said), "name": path.stem}
        if document.step("name"):
            message = "a system is called what its file is called"
            draft.report.add(document.items()["name"].key, "unknown-key", message, hint="delete the line")
    if model is Ownership:
        said = {"entities": said}
    _validate(draft, file, model, said)


def _validate(draft: Draft, file: str, model: type[BaseModel], said: dict[str, Any]) -> None:
    try:
        draft.values[file] = model.model_validate(said)
    except ValidationError as refused:
        for error in worth_saying(model, refused.errors(include_url=False)):
            code, message, hint = in_words(model, error)
            loc = error["loc"][1:] if model is Ownership else error["loc"]
            if model is System and loc == ("name",):
                hint = "rename the file: it is the system's name, in small letters, digits, - and _"
            spot = _place(draft.documents[file], loc, at_key=code == "unknown-key")
            where = ".".join(str(part) for part in loc)
            draft.report.add(spot, code, message, hint=hint, where=where)


def _place(document: Node, loc: tuple[str | int, ...], *, at_key: bool) -> Any:
    """Where the deepest part of the path stands that was written at all."""
    node = document
    for at, part in enumerate(loc):
        following = node.step(part)
        if following is None:
            return node.key if at else document.spot
        node = following
    return node.key if at_key else node.spot


def _references(said: Mapping[str, Any]) -> dict[str, Any]:
    """What should be one reference and is a list or more names is as good as nothing said, and refused as such."""
    credentials = said.get("credentials")
    found: dict[str, Any] = {}
    if isinstance(credentials, dict):
        found["credentials"] = {name: _reference(value) for name, value in credentials.items()}
    if "hook_secret" in said:
        found["hook_secret"] = _reference(said["hook_secret"])
    return found


def _reference(value: object) -> object:
    return "" if isinstance(value, dict | list) else value


def _cover_secrets(document: Node, report: Report) -> None:
    """Whatever stands where a reference should be may be the secret itself: no report may show it."""
    secret = [node for name, node in document.items().items() if closest(name, System.model_fields) not in _PUBLIC]
    settings = [node for at in document.each("settings") for node in secret_settings(at)]
    for scalar in [scalar for node in secret + settings for scalar in _scalars(node)]:
        if not _is_reference(scalar.value):
            report.cover(scalar.spot)


def _is_reference(written: object) -> bool:
    try:
        SecretRef.model_validate(written)
    except ValidationError:
        return False
    return True


def secret_settings(settings: Node) -> list[Node]:
    """Settings whose names say that they belong among the credentials."""
    return [node for name, node in settings.items().items() if _SECRET_NAME.search(name)]


def _scalars(node: Node) -> list[Node]:
    inner = node.value if isinstance(node.value, list) else list(node.items().values())
    if isinstance(node.value, dict | list):
        return [scalar for item in inner for scalar in _scalars(item)]
    return [node]
