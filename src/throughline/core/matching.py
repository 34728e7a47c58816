"""Whether two customers are one: our own id, then the tax id, then the name with its legal form taken off."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from throughline.core.candidates import Candidate
from throughline.core.entities import Customer

DIFFERENT = "it is a different customer"

LEGAL_FORMS = frozenset(
    """
    ltd limited plc llc llp lp inc incorporated corp corporation co company gmbh ag kg ug se sa sas sarl bv nv as asa
    aps oy oyj ab spa srl sl pty pvt private holding holdings group the and und
    """.split()  # noqa: SIM905 - a list of sixty quoted words is not easier to read
)
_TAX_NOISE = re.compile(r"[^0-9A-Z]")
_WORDS = re.compile(r"[^\W_]+")
# Letters that Unicode does not take apart into a plain letter and an accent.
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})


def normalised_name(name: str) -> str:
    """`Norrvik Marine A/S` and `NORRVIK MARINE AS` are the same name."""
    composed = unicodedata.normalize("NFKC", name).casefold()
    folded = unicodedata.normalize("NFKD", composed.translate(_LETTERS))
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    words: list[str] = _WORDS.findall(plain.replace("a/s", "as").replace("&", " and ").replace(".", ""))
    return " ".join(word for word in words if word not in LEGAL_FORMS) or " ".join(words)


def normalised_tax_id(tax_id: str) -> str:
    """`GB 823 4567 26` and `gb823456726` are the same number."""
    return _TAX_NOISE.sub("", tax_id.upper())


def search_word(name: str) -> str:
    """The first word of a name that tells it apart, upper-case: what a system is searched for."""
    words = re.findall(r"\w+", name.upper())
    telling = [word for word in words if word.lower() not in LEGAL_FORMS]
    return (telling or words or [""])[0]


def same_tax_id(one: str | None, other: str | None) -> bool:
    """`n/a`, `-` and `000000` tell nobody apart, so they are no tax ids."""
    number = normalised_tax_id(one or "")
    tells_apart = len(number) >= 5 and len({sign for sign in number if sign.isdigit()}) >= 2
    return tells_apart and number == normalised_tax_id(other or "")


def same_name(one: str, other: str) -> bool:
    return bool(normalised_name(one)) and normalised_name(one) == normalised_name(other)


@dataclass(frozen=True, slots=True)
class Match:
    """What the records of a system say about a customer of ours: their key of it, or the ones a person must judge."""

    key: str | None = None
    doubtful: tuple[Candidate, ...] = ()

    @property
    def choices(self) -> tuple[str, ...]:
        return (*(f"it is {each.key}" for each in self.doubtful), DIFFERENT)

    def chosen(self, answer: str) -> str | None:
        return next((each.key for each in self.doubtful if answer == f"it is {each.key}"), None)


def match(customer: Customer, candidates: list[Candidate]) -> Match:
    """By our own id, then by tax id, then by name. A record that only looks alike is never taken by itself."""
    ours = [each for each in candidates if each.id == customer.id]
    same_number = [each for each in candidates if same_tax_id(customer.tax_id, each.fields.get("tax_id"))]
    best = ours or same_number or [each for each in candidates if same_name(customer.name, _name(each))]
    if len(best) == 1 and (ours or (same_number and _is_free(best[0], customer))):
        return Match(best[0].key)
    return Match(doubtful=tuple(best))


def side_by_side(customer: Customer, found: Match) -> tuple[dict[str, str], ...]:
    """The deal's customer and its likenesses, as a person compares them."""
    ours = {"record": "the customer of the deal", **_shown(customer.model_dump(mode="json"))}
    return (ours, *({"record": each.key, **_shown(each.fields)} for each in found.doubtful))


def _is_free(candidate: Candidate, customer: Customer) -> bool:
    """Nobody else's, and not in another country: a French and an American number may read the same."""
    country = candidate.fields.get("country")
    return candidate.id is None and (not country or not customer.country or country == customer.country)


def _name(candidate: Candidate) -> str:
    return str(candidate.fields.get("name") or "")


def _shown(fields: dict[str, Any]) -> dict[str, str]:
    shown = ("name", "tax_id", "country", "currency", "legal_entity", "email", "phone", "website")
    return {name: str(fields[name]) for name in shown if fields.get(name)}
