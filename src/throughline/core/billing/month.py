"""A month's work on a project as invoices: what is to be charged now, given what was invoiced of it before."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Self

from throughline.core.billing.adjustments import top_up, topped_up, tops_up
from throughline.core.billing.book import Book
from throughline.core.billing.combine import combine
from throughline.core.billing.invoices import (
    charged,
    charges,
    covered,
    free_id,
    invoice_of,
    period_called,
    within,
)
from throughline.core.billing.terms import terms_of_project
from throughline.core.entities import BillingItem, CreditMemo, Invoice, Project
from throughline.core.money import Money, total


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month of work on one project."""

    project: Project
    first: date
    last: date

    @classmethod
    def of(cls, project: Project, day: date) -> Self:
        first = day.replace(day=1)
        return cls(project, first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))

    @property
    def days(self) -> tuple[date, date]:
        return self.first, self.last

    @property
    def invoices(self) -> str:
        """How the ids of its invoices begin."""
        return f"invoice-of-{self.project.id}-{self.first:%Y-%m}"

    def made(self, invoices: Iterable[Invoice]) -> list[Invoice]:
        return sorted((each for each in invoices if each.id.startswith(self.invoices)), key=lambda each: each.id)


def to_invoice(items: Sequence[BillingItem], month: Month, made: Sequence[Invoice], book: Book, *, today: date
               ) -> list[Invoice]:  # fmt: skip
    """An invoice for each period of the books the charges land in. What one that is out covers is not charged again."""
    done = covered(made)
    left = [item for item in items if item.id not in done]
    periods = sorted({item.period or "" for item in left})
    return [
        _invoice([item for item in left if item.period == period], period, month, made, book, today=today)
        for period in periods
    ]


@dataclass(frozen=True, slots=True)
class Drift:
    """An invoice that is out with what was charged on top of it, what its work comes to today, and what was credited.

    `rest` charges what it came to more; None where it came to less, or a person must say how it is taxed and booked.
    """

    invoice: Invoice
    charged: Money
    now: Money
    credited: Money
    rest: BillingItem | None = None

    @property
    def difference(self) -> Money:
        return self.charged - self.credited - self.now


def drifts(items: Sequence[BillingItem], made: Sequence[Invoice], memos: Sequence[CreditMemo], book: Book
           ) -> list[Drift]:  # fmt: skip
    """Invoices that are out and no longer what the approved work comes to: a correction, or an approval taken back."""
    found = (_drift(each, items, made, memos, book) for each in made if charges(each))
    return [drift for drift in found if not drift.difference.is_zero]


def _drift(invoice: Invoice, items: Sequence[BillingItem], made: Sequence[Invoice], memos: Sequence[CreditMemo],
           book: Book) -> Drift:  # fmt: skip
    its_own = covered([invoice])
    work = [item for item in items if item.id in its_own]
    taken = [memo.total - (memo.tax or Money.zero(memo.currency)) for memo in memos if memo.invoice == invoice.id]
    drift = Drift(
        invoice,
        charged=charged(invoice) + topped_up(invoice, made),
        now=total((each.line.amount for each in combine(work, book)), invoice.currency) + tops_up(invoice),
        credited=total(taken, invoice.currency),
    )
    return replace(drift, rest=top_up(invoice, -drift.difference, drift.now, work))


def _invoice(items: Sequence[BillingItem], period: str, month: Month, made: Sequence[Invoice], book: Book, *,
             today: date) -> Invoice:  # fmt: skip
    """Dated on the month's last day, or, in a later period, on the day the run began."""
    terms = terms_of_project(month.project.id, book)
    booked = period_called(period, terms.contract.legal_entity, book)
    own = booked.starts <= month.last <= booked.ends
    stem = month.invoices if own else f"{month.invoices}-in-{_slug(booked.name)}"
    made_of = invoice_of(
        items, free_id(stem, made), terms, book,
        day=month.last if own else within(booked, today),
        memo=f"{month.project.name}, {month.first:%B %Y}",
        project=month.project.id,
    )  # fmt: skip
    return made_of.model_copy(update={"starts": month.first, "ends": month.last})


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
