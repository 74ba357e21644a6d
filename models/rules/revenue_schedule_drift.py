"""Schedule is off

The ledger's rows differ from the expected ones in some period by more than rounding, while they add up: revenue lands
in the wrong months. Expected is the ledger's own allocation spread by the convention of its rule. Closes when the open
rows tie.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from models.case import Case
from models.findings import Finding, Severity
from models.money import ZERO, minor_unit
from models.planned import Planned, plans
from models.references import Kind
from models.revenue.schedule import CONVENTIONS, expected

CODE = "revenue_schedule_drift"
SEVERITY = Severity.HIGH
SCOPE = "family"
CONCERNS = {Kind.REVENUE_ELEMENT, Kind.REVENUE_PLAN}


def check(case: Case) -> Iterator[Finding]:
    """Each period of each obligation whose row is beyond rounding and drift tolerance away from the expected one."""
    for planned in plans(case):
        total = planned.element.doc.allocated
        if total is None:
            continue
        want = _expected(case, planned, total)
        rows: dict[str, Decimal] = {}
        for row in planned.plan.doc.rows:
            rows[row.period] = rows.get(row.period, ZERO) + row.amount
        if want is None or sum(rows.values(), ZERO) != total or _by_another(planned, total, rows):
            continue
        periods = sorted(rows.keys() | want.keys())
        tolerance = max(minor_unit(planned.currency) * len(periods), abs(total) * case.policy.drift_tolerance_ratio)
        off = {p: rows.get(p, ZERO) - want.get(p, ZERO) for p in periods}
        risk = sum((abs(d) for d in off.values()), ZERO) / 2
        for period, difference in off.items():
            if abs(difference) > tolerance:
                yield _finding(case, planned, period, (want.get(period, ZERO), rows.get(period, ZERO)), risk, tolerance)


def _expected(case: Case, planned: Planned, total: Decimal) -> dict[str, Decimal] | None:
    element = planned.element.doc
    convention = element.convention or "day"
    if case.org.patterns.get(element.product or "") == "point_in_time" or total < 0:
        convention = "point_in_time"
    return expected(total, element.span, convention, planned.currency)


def _by_another(planned: Planned, total: Decimal, rows: dict[str, Decimal]) -> bool:
    """Rows that equal another convention exactly are another setting, not drift (revenue specification, section 14.4)."""
    span, currency = planned.element.doc.span, planned.currency
    return any(expected(total, span, convention, currency) == rows for convention in CONVENTIONS)


def _finding(case: Case, planned: Planned, period: str, values: tuple[Decimal, Decimal], risk: Decimal, tolerance: Decimal) -> Finding:
    want, have = values
    erp, currency = case.system("erp"), planned.currency
    return Finding(
        rule=CODE,
        anchor=planned.element.ref,
        period=period,
        subject=f"{planned.obligation} {period}",
        message=f"{planned.obligation}: {period} shows {have:,f} {currency}, expected {want:,f} {currency}",
        amount=case.money(risk, currency),
        systems=(erp,),
        culprit=case.suspect({erp: have, "expectation": want}, "expectation"),
        fix=f"replace the open rows of {planned.obligation} in {erp}",
        evidence=(planned.element.evidence(planned.element.doc.allocated), planned.plan.evidence(have)),
        subjects=(f"obligation:{planned.element.ref.id}",),
        values=(("expected", str(want)), (erp, str(have))),
        tolerance=f"{tolerance.normalize():f} {currency}",
        grace=case.policy.grace("schedule"),
        awaits=erp,
    )
