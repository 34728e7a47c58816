"""Which hourly rate applies: the role's line in the card's version that is effective on the day, or its default."""

from throughline.sandbox.kantata.reading import Reader, Record


def effective_version(reader: Reader, rate_card_id: str | None, day: str) -> Record | None:
    """The youngest published version of a card that has begun by that day."""
    begun: list[tuple[str, int, Record]] = []
    for version in reader.by("rate_card_versions", "rate_card_id", rate_card_id):
        published = reader.get("rate_card_set_versions", version["rate_card_set_version_id"])
        if published and published["active"] and published["effective_date"] <= day:
            begun.append((published["effective_date"], int(version["id"]), version))
    return max(begun, key=lambda each: each[:2])[2] if begun else None


def rate_line(reader: Reader, version: Record, role_id: str | None) -> Record | None:
    lines = reader.by("rate_card_roles", "rate_card_version_id", version["id"])
    return next((line for line in lines if role_id and line["role_id"] == role_id), None)


def hourly(reader: Reader, rate_card_id: str | None, role_id: str | None, day: str) -> int:
    version = effective_version(reader, rate_card_id, day) if rate_card_id else None
    if not version:
        return 0
    line = rate_line(reader, version, role_id)
    return int(line["rate"] if line else version["default_rate"])
