"""Checks every cell that points at another table or file, and that a project template could really be used."""

from collections.abc import Collection
from decimal import Decimal, InvalidOperation
from itertools import groupby

from throughline.core.entities.terms import CommercialModel
from throughline.core.money import MINOR_DIGITS
from throughline.core.rows import TaskKind
from throughline.hub.firm.countries import COUNTRIES, country_hint
from throughline.hub.firm.draft import Draft
from throughline.hub.firm.references import legal_entity_codes
from throughline.hub.firm.report import closest, suggestion
from throughline.hub.firm.sheets import Cell
from throughline.hub.firm.tables import CLASSES, Line, Written

_COUNTRY_COLUMNS = ("country", "customer_country")


def check_tables(draft: Draft) -> None:
    _shared_words(draft)
    _into(draft, "tax_codes", "tax_code", "tax_items", "tax_code")
    _into(draft, "project_templates", "template", "template_tasks", "template")
    _into(draft, "project_templates", "rate_card", "rate_cards", "rate_card")
    for table in ("rate_cards", "template_tasks"):
        _into(draft, table, "role", "roles", "role")
    _rates(draft)
    for lines in _templates(draft).values():
        _plan(draft, lines)


def _shared_words(draft: Draft) -> None:
    """A column of one of these names means the same in every table, the firm's own included."""
    service_lines = draft.complete("firm.yaml", "service_lines", "*")
    for name, written in draft.tables.items():
        _known(draft, written.column("legal_entity"), legal_entity_codes(draft), "legal entity of this firm")
        _known(draft, written.column("service_line"), service_lines, "service line of this firm")
        for column in _COUNTRY_COLUMNS:
            _countries(draft, written.column(column))
        if name not in CLASSES:
            _known(draft, written.column("currency"), MINOR_DIGITS, "ISO 4217 currency in use")
            _known(draft, written.column("commercial_model"), {m.value for m in CommercialModel}, "commercial model")


def _known(draft: Draft, cells: list[Cell], known: Collection[str] | None, noun: str) -> None:
    for cell in cells:
        if known is not None and cell.text not in known and cell.text.casefold() not in {"*", "any", "all"}:
            draft.report.add(
                cell.spot, "unknown-word", f"`{cell.text}` is no {noun}", hint=suggestion(cell.text, known)
            )


def _countries(draft: Draft, cells: list[Cell]) -> None:
    for cell in cells:
        if cell.text not in COUNTRIES and cell.text.casefold() not in {"*", "any", "all"}:
            message = f"`{cell.text}` is no ISO 3166 country"
            draft.report.add(cell.spot, "unknown-country", message, hint=country_hint(cell.text))


def _into(draft: Draft, table: str, column: str, target: str, target_column: str) -> None:
    """What one table names, the other must have; a row there with a blank cell has everything."""
    if table not in draft.tables:
        return
    there = draft.tables.get(target)
    if there and any(not line.text(target_column) for line in there.lines):
        return
    known = there.words(target_column) if there else set[str]()
    for cell in draft.tables[table].column(column):
        if cell.text not in known:
            likely = closest(cell.text, known)
            hint = f"did you mean `{likely}`? If not, " if likely else ""
            message = f"{column} `{cell.text}` has no row in tables/{target}.csv"
            draft.report.add(cell.spot, "unknown-word", message, hint=f"{hint}add a row to tables/{target}.csv")


def _rates(draft: Draft) -> None:
    """A project opened from a template needs a price for everyone in its plan."""
    rates = draft.tables.get("rate_cards", Written.nothing())
    cards = rates.words("rate_card")
    templates = draft.tables.get("project_templates", Written.nothing())
    needed = {name: _roles(lines) for name, lines in _templates(draft).items()}
    told: set[tuple[str, str]] = set()
    for line in templates.lines:
        template, card = line.text("template") or "", line.text("rate_card") or ""
        missing = [role for role in needed.get(template, []) if not _has_rate(rates, card, role)]
        if card in cards and missing and (template, card) not in told:
            told.add((template, card))
            message = f"rate card `{card}` has no rate for {', '.join(missing)}, whom template `{template}` needs"
            also = tuple(cell.spot for cell in draft.tables["template_tasks"].column("role") if cell.text in missing)[
                :1
            ]
            hint = "add the rows to tables/rate_cards.csv"
            draft.report.add(line.at("rate_card"), "missing-rate", message, hint=hint, also=also)


def _has_rate(rates: Written, card: str, role: str) -> bool:
    return any(line.text("rate_card") in {None, card} and line.text("role") in {None, role} for line in rates.lines)


def _templates(draft: Draft) -> dict[str, list[Line]]:
    lines = [line for line in draft.tables.get("template_tasks", Written.nothing()).lines if line.text("template")]
    in_order = sorted(lines, key=lambda line: line.text("template") or "")
    return {name or "": list(group) for name, group in groupby(in_order, key=lambda line: line.text("template"))}


def _roles(lines: list[Line]) -> list[str]:
    return sorted({role for line in lines if (role := line.text("role"))})


def _plan(draft: Draft, lines: list[Line]) -> None:
    """Parents are phases of the same template, and what milestones bill adds up to everything."""
    by_position = {line.text("position"): line for line in lines}
    for line in lines:
        parent = line.text("parent_position")
        if parent is None:
            continue
        found = by_position.get(parent)
        if found is None or found.text("kind") != TaskKind.PHASE:
            phases = sorted(p for p, other in by_position.items() if p and other.text("kind") == TaskKind.PHASE)
            message = f"parent_position {parent} is no phase of this template"
            hint = f"its phases are at {', '.join(phases)}" if phases else "it has no phase"
            draft.report.add(line.at("parent_position"), "unknown-word", message, hint=hint)
    _shares(draft, [line for line in lines if line.text("share_percent")])


def _shares(draft: Draft, lines: list[Line]) -> None:
    for line in lines:
        if line.text("kind") != TaskKind.MILESTONE:
            message = "only a milestone has a share of the price"
            draft.report.add(line.at("share_percent"), "wrong-form", message, hint="leave the cell blank")
    try:
        whole = sum((Decimal((line.text("share_percent") or "").replace(",", ".")) for line in lines), Decimal(0))
    except InvalidOperation:
        return
    if lines and whole != 100:
        message = f"the shares of template `{lines[0].text('template')}` add up to {whole}, not 100"
        draft.report.add(lines[-1].at("share_percent"), "wrong-sum", message, hint=f"correct by {100 - whole}")
