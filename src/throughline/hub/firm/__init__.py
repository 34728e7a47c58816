"""Loads a firm's folder whole, or says everything that is wrong with it."""

from collections.abc import Collection, Mapping
from pathlib import Path

from throughline.core.firm import Firm
from throughline.core.rows import KNOWN
from throughline.core.tables import Table
from throughline.hub.firm.draft import Draft, read
from throughline.hub.firm.errors import FirmError, FirmErrors
from throughline.hub.firm.folder import read_folder
from throughline.hub.firm.references import check_documents
from throughline.hub.firm.table_references import check_tables

__all__ = ["FirmError", "FirmErrors", "load", "load_text", "read_folder"]


def load(folder: Path, *, connectors: Collection[str] | None = None) -> Firm:
    """The firm in a folder. `connectors` are the names that are installed; without them that is not checked."""
    return load_text(read_folder(folder), connectors=connectors)


def load_text(files: Mapping[str, str], *, connectors: Collection[str] | None = None) -> Firm:
    """The firm in these files, given as text by their path: a version kept somewhere else."""
    draft = read(files)
    check_documents(draft, connectors)
    check_tables(draft)
    if draft.report.errors:
        raise FirmErrors(draft.report.errors)
    return _firm(draft)


def _firm(draft: Draft) -> Firm:
    identity = draft.values["firm.yaml"]
    empty = {row.table: Table.of(row) for row in KNOWN}
    return Firm(
        name=identity.name,
        reporting_currency=identity.reporting_currency,
        service_lines=identity.service_lines,
        legal_entities=identity.legal_entities,
        systems=tuple(draft.values[file] for file in sorted(draft.shelf("systems"))),
        ownership=draft.values["ownership.yaml"].entities,
        overlays=tuple(sorted((draft.values[f] for f in draft.shelf("mappings")), key=lambda o: (o.system, o.entity))),
        tables={**empty, **{name: written.table for name, written in draft.tables.items()}},
        policies=draft.values["policies.yaml"],
    )
