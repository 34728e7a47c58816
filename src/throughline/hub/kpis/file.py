"""The key figures as a file: one line each, values for machines."""

import csv
import io
from decimal import Decimal

from throughline.core.money import plain
from throughline.hub.kpis.figures import Figures


def as_csv(found: Figures) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("kpi", "value", "unit", "currency", "p95", "of", "unknown", "why", "days", "at"))
    writer.writerows(
        (each.kpi.name, _plain(each.value), each.kpi.unit, each.currency, _plain(each.p95), each.of, each.unknown,
         each.why, found.days, found.now.isoformat())
        for each in found.figures
    )  # fmt: skip
    return text.getvalue()


def _plain(value: Decimal | None) -> str:
    return "" if value is None else plain(value)
