"""The ISO 3166 countries, and what people write instead."""

from babel import Locale

from throughline.hub.firm.report import suggestion

# CLDR also lists unions, reserved codes and pseudo-locales; nobody has a tax residence there.
_NO_COUNTRY = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
_HABITS = {"UK": "GB", "EL": "GR", "USA": "US", "GER": "DE", "D": "DE", "F": "FR", "CHE": "CH"}

_NAMES: dict[str, str] = {
    code: name
    for code, name in Locale("en").territories.items()
    if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY
}
COUNTRIES = frozenset(_NAMES)


def country_hint(written: str) -> str:
    """From the code people mean, or from the name of the country."""
    by_name = {name.casefold(): code for code, name in _NAMES.items()}
    likely = _HABITS.get(written.upper()) or by_name.get(written.casefold())
    if likely is None and written.upper() in COUNTRIES:
        likely = written.upper()
    return f"did you mean `{likely}`?" if likely else suggestion(written, COUNTRIES)
