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


def plans(case: Case) -> list[Planned]:
    """The obligations of this family that can be compared: primary book, actual plan, not on hold, not being merged."""
    elements = {e.ref: e for e in case.docs(Kind.REVENUE_ELEMENT, RevenueElement)}
    found = []
    for plan in case.docs(Kind.REVENUE_PLAN, RevenuePlan):
        element = elements.get(plan.doc.element) if plan.doc.element else None
        if element is None or not plan.doc.rows or plan.doc.forecast or not plan.doc.primary_book:
            continue
        held = plan.doc.held or element.doc.held or element.doc.merging
        currency = element.doc.currency or plan.doc.currency
        if element.doc.primary_book and not held and currency:
            found.append(Planned(element, plan, currency))
    return found
