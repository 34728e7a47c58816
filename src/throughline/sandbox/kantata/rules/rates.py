"""What Kantata insists on for rate cards: one card per currency in a set, one rate per role in a version."""

from collections.abc import Callable, Iterable

from throughline.sandbox.kantata import money
from throughline.sandbox.kantata.errors import Problem, invalid
from throughline.sandbox.kantata.rules.check import Check


def card(check: Check) -> Iterable[Problem]:
    record = check.record
    if not money.known(record["currency"]):
        yield invalid("currency", "Currency is not included in the list")
    siblings = check.reader.by("rate_cards", "rate_card_set_id", record["rate_card_set_id"])
    if any(each["currency"] == record["currency"] and each["id"] != record.get("id") for each in siblings):
        yield invalid("currency", "Currency has already been taken")
    if check.before and check.before["currency"] != record["currency"] and _used(check):
        yield invalid("currency", "The currency of a rate card in use cannot be changed")
    version = check.reader.get("rate_card_set_versions", check.given.get("rate_card_set_version_id"))
    if check.given.get("rate_card_set_version_id") and not version:
        yield invalid("rate_card_set_version_id", "Rate card set version must exist")
    elif version and version["rate_card_set_id"] != record["rate_card_set_id"]:
        yield invalid("rate_card_set_version_id", "Rate card set version must belong to the set")


def _used(check: Check) -> bool:
    return bool(check.reader.by("workspaces", "rate_card_id", check.record["id"]))


def line(check: Check) -> Iterable[Problem]:
    record = check.record
    siblings = check.reader.by("rate_card_roles", "rate_card_version_id", record["rate_card_version_id"])
    if record["rate"] is None or record["rate"] < 0:
        yield invalid("rate", "Rate must be greater than or equal to 0")
    if any(each["role_id"] == record["role_id"] and each["id"] != record.get("id") for each in siblings):
        yield invalid("role_id", "Role has already been taken")


def version(check: Check) -> Iterable[Problem]:
    if check.record["default_rate"] is None or check.record["default_rate"] < 0:
        yield invalid("default_rate", "Default rate must be greater than or equal to 0")


def card_set_version(check: Check) -> Iterable[Problem]:
    clone = check.given.get("clone_id")
    if clone and not check.reader.get("rate_card_set_versions", clone):
        yield invalid("clone_id", "Clone must exist")


RULES: dict[str, Callable[[Check], Iterable[Problem]]] = {
    "rate_cards": card,
    "rate_card_roles": line,
    "rate_card_versions": version,
    "rate_card_set_versions": card_set_version,
}
