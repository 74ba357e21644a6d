"""Obligations: what the ERP recognises of each, month by month, next to what its own convention gives."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from agents.web import wording
from agents.web.cells import Cell, Row, Said, row, within
from models.case import Case
from models.milestones import obligation
from models.money import ZERO, minor_unit
from models.planned import Planned, plans
from models.revenue.schedule import expected
from models.state import Page


class Obligation(msgspec.Struct, frozen=True):
    """One revenue element with its plan; the rows compare the expected amount with the ERP's, period by period."""

    name: str
    product: str
    service: str
    currency: str
    allocated: str
    planned: str
    recognised: str
    remaining: str
    convention: str
    differs: bool
    rows: list[Row]


def obligations(cases: Iterable[tuple[Page, Case]]) -> list[Obligation]:
    """The obligations that can be compared, by name."""
    return sorted((_view(case, planned) for _, case in cases for planned in plans(case)), key=lambda o: o.name)


def _view(case: Case, planned: Planned) -> Obligation:
    element, currency = planned.element.doc, planned.currency
    amounts: dict[str, Decimal] = {}
    for each in planned.plan.doc.rows:
        amounts[each.period] = amounts.get(each.period, ZERO) + each.amount
    posted = sum((r.amount for r in planned.plan.doc.rows if r.recognised), ZERO)
    total = sum(amounts.values(), ZERO)
    convention = _convention(case, planned)
    rows = _rows(case, planned, amounts, convention)
    return Obligation(
        name=obligation(planned.element),
        product=element.product or "",
        service=wording.period(element.span),
        currency=currency,
        allocated=wording.amount(element.allocated, currency),
        planned=wording.amount(total, currency),
        recognised=wording.amount(posted, currency),
        remaining=wording.amount(total - posted, currency),
        convention=convention.replace("_", " "),
        differs=any(r.differs for r in rows),
        rows=rows,
    )


def _convention(case: Case, planned: Planned) -> str:
    """As models.rules.revenue_schedule_drift reads it: at once for credits and what is recognised at a point in time."""
    element = planned.element.doc
    at_once = case.org.patterns.get(element.product or "") == "point_in_time" or (element.allocated or ZERO) < 0
    return "point_in_time" if at_once else element.convention or "day"


def _rows(case: Case, planned: Planned, amounts: dict[str, Decimal], convention: str) -> list[Row]:
    total, currency = planned.element.doc.allocated, planned.currency
    want = None if total is None else expected(total, planned.element.doc.span, convention, currency)
    done = {r.period for r in planned.plan.doc.rows if r.recognised}
    periods = sorted(amounts.keys() | (want or {}).keys())
    tolerance = max(minor_unit(currency) * len(periods), abs(total or ZERO) * case.policy.drift_tolerance_ratio)
    found = []
    for period in periods:
        mine = want.get(period, ZERO) if want is not None else None
        said = [Said(mine, wording.amount(mine, currency)), Said(amounts.get(period, ZERO), wording.amount(amounts.get(period), currency))]
        want_cell, have_cell = row(period, said, within(tolerance)).cells
        state = Cell("recognised" if period in done else "planned", compared=False)
        # it is the ledger's cell that is off: what is expected follows from the ledger's own convention
        found.append(Row(period, (msgspec.structs.replace(want_cell, differs=False), have_cell, state)))
    return found
