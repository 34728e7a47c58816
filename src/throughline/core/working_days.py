"""The public holidays of the places the firm has companies in."""

from datetime import date
from functools import lru_cache

import holidays


@lru_cache(maxsize=200)
def closed_days(place: str, *, years: range) -> frozenset[date]:
    """Of a country or a region of it, as the firm's folder names them: DE, or DE-HE."""
    country, _, region = place.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=region or None, years=years))
