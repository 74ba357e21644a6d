"""Planned: an obligation's revenue element in the ledger with its actual plan."""

from __future__ import annotations

from dataclasses import dataclass

from models.case import Case, Seen
from models.documents import RevenueElement, RevenuePlan
from models.milestones import obligation
from models.references import Kind


@dataclass(frozen=True)
class Planned:
    """One obligation as the ERP plans it."""

    element: Seen[RevenueElement]
    plan: Seen[RevenuePlan]
    currency: str

    @property
    def obligation(self) -> str:
        """The obligation in words."""
        return obligation(self.element)


def actual(case: Case) -> list[tuple[Seen[RevenueElement], Seen[RevenuePlan]]]:
    """The elements of the primary book on this page, each with its plan; forecasts and empty plans are none."""
    elements = {e.ref: e for e in case.docs(Kind.REVENUE_ELEMENT, RevenueElement) if e.doc.primary_book}
    found = []
    for plan in case.docs(Kind.REVENUE_PLAN, RevenuePlan):
        element = elements.get(plan.doc.element) if plan.doc.element else None
        if element and plan.doc.rows and not plan.doc.forecast and plan.doc.primary_book:
            found.append((element, plan))
    return found


def plans(case: Case) -> list[Planned]:
    """The obligations of this family that can be compared: primary book, actual plan, not on hold, not being merged."""
    found = []
    for element, plan in actual(case):
        held = plan.doc.held or element.doc.held or element.doc.merging
        currency = element.doc.currency or plan.doc.currency
        if not held and currency:
            found.append(Planned(element, plan, currency))
    return found
