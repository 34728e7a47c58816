"""What NetSuite says when a period takes no entries any more, and what a person can do about it."""

import re

from throughline.core.connector import Refused

# It has no code of its own: like every rule of the business it is a USER_ERROR, and only the text tells.
SAID = re.compile(r"\b(?:closed|locked)\b[^.]{0,40}\bperiod\b(?: \((?P<name>[^)]+)\))?", re.IGNORECASE)
OUTSIDE = re.compile(r"not within the date range of your accounting period", re.IGNORECASE)


def refused(why: str, detail: str) -> Refused | None:
    """The refusal as a sentence about the period; None when it is about something else."""
    found = SAID.search(detail)
    if found is None and OUTSIDE.search(detail) is None:
        return None
    name = found["name"] if found else None
    period = f"The accounting period {name}" if name else "The accounting period of that day"
    opening = f"Open {name} in NetSuite" if name else "Open the period in NetSuite"
    return Refused(
        f"{period} takes no entries any more. {why}",
        "tranDate",
        f"{opening}, or date it in a period that is open; then release.",
    )
