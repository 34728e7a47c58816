"""Oracle's date formats: 'YYYY-MM-DD"T"HH24:MI:SS' and the like, both ways."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

from throughline.sandbox.netsuite.suiteql_words import unsupported

_PART = re.compile(
    r'"(?P<literal>[^"]*)"|(?P<name>YYYY|YY|MM|MON|DD|HH24|HH12|HH|MI|SS|FF[1-9]?|AM|PM|TZH|TZM|.)', re.IGNORECASE
)
_DIGITS = {
    "YYYY": r"\d{4}",
    "YY": r"\d{2}",
    "MM": r"\d{1,2}",
    "DD": r"\d{1,2}",
    "HH24": r"\d{1,2}",
    "HH12": r"\d{1,2}",
    "HH": r"\d{1,2}",
    "MI": r"\d{1,2}",
    "SS": r"\d{1,2}",
    "FF": r"\d{1,9}",
    "MON": r"[A-Za-z]{3}",
    "AM": r"[AaPp][Mm]",
    "TZH": r"[+-]?\d{1,2}",
    "TZM": r"\d{2}",
}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def parse_date(text: str, format_: str) -> datetime:
    """A moment with an offset when the format has TZH, a bare wall-clock time when it has not."""
    names: list[str] = []
    pattern = ""
    for name, literal in _parts(format_):
        if name:
            names.append(name)
            pattern += f"({_DIGITS[name]})"
        else:
            pattern += re.escape(literal)
    match = re.fullmatch(pattern, text.strip())
    if match is None:
        raise unsupported(f"the date '{text}' does not have the format '{format_}'")
    return _put_together(dict(zip(names, match.groups(), strict=True)), text)


def format_date(value: date, format_: str) -> str:
    return "".join(_spell(value, name) if name else literal for name, literal in _parts(format_))


def account_date(value: date) -> str:
    """How SuiteQL shows a date nobody formatted: M/D/YYYY, the time of day gone."""
    return f"{value.month}/{value.day}/{value.year}"


def _parts(format_: str) -> list[tuple[str, str]]:
    """Pairs of a part's name, or of nothing and a literal."""
    parts: list[tuple[str, str]] = []
    for match in _PART.finditer(format_):
        name = (match["name"] or "").upper()
        name = "FF" if name.startswith("FF") else "AM" if name == "PM" else name
        if name in _DIGITS:
            parts.append((name, ""))
        elif name.isalpha():
            raise unsupported(f"'{match['name']}' in the date format '{format_}'")
        else:
            parts.append(("", match["literal"] if match["literal"] is not None else match["name"]))
    return parts


def _put_together(parts: dict[str, str], text: str) -> datetime:
    try:
        year = int(parts["YYYY"]) if "YYYY" in parts else 2000 + int(parts["YY"])
        month = _MONTHS.index(parts["MON"].upper()) + 1 if "MON" in parts else int(parts.get("MM", "1"))
        hour = int(parts.get("HH24") or parts.get("HH12") or parts.get("HH") or "0")
        if "AM" in parts:
            hour = hour % 12 + (12 if parts["AM"].upper() == "PM" else 0)
        micro = int(parts.get("FF", "0").ljust(6, "0")[:6])
        minute, second, day = int(parts.get("MI", "0")), int(parts.get("SS", "0")), int(parts.get("DD", "1"))
        zone = _offset(parts["TZH"], parts.get("TZM", "0")) if "TZH" in parts else None
        return datetime(year, month, day, hour, minute, second, micro, tzinfo=zone)
    except (KeyError, ValueError):
        raise unsupported(f"'{text}' is not a date") from None


def _offset(hours: str, minutes: str) -> timezone:
    sign = -1 if hours.startswith("-") else 1
    ahead = timedelta(hours=abs(int(hours)), minutes=int(minutes))
    return timezone(sign * ahead) if ahead else UTC


def _spell(value: date, name: str) -> str:
    at = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a wall-clock day
    ahead = at.utcoffset()
    if name in {"TZH", "TZM"} and ahead is None:
        raise unsupported("TO_CHAR with a time zone needs a value that has one")
    minutes = int((ahead or timedelta()).total_seconds() // 60)
    spelled = {
        "YYYY": f"{at.year:04}",
        "YY": f"{at.year % 100:02}",
        "MM": f"{at.month:02}",
        "MON": _MONTHS[at.month - 1],
        "DD": f"{at.day:02}",
        "HH24": f"{at.hour:02}",
        "HH12": f"{at.hour % 12 or 12:02}",
        "HH": f"{at.hour % 12 or 12:02}",
        "MI": f"{at.minute:02}",
        "SS": f"{at.second:02}",
        "FF": f"{at.microsecond:06}",
        "AM": "AM" if at.hour < 12 else "PM",
        "TZH": f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}",
        "TZM": f"{abs(minutes) % 60:02}",
    }
    return spelled[name]
