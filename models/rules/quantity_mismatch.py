"""Seats differ

The quantity in force on the same day differs between what was sold, what billing has set up and what the ledger was
invoiced. The amount at risk runs from the first day that differs to the line's end; it does not shrink with the clock.
Closes when a newer version ties.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from models.calendar import end_of_day
from models.case import Case
from models.documents import Charge
from models.findings import Finding, Severity
from models.money import ZERO, rounded
from models.references import Kind
from models.terms import Segment, Terms

CODE = "quantity_mismatch"
SEVERITY = Severity.HIGH
SCOPE = "contract"
CONCERNS = {Kind.QUOTE, Kind.SUBSCRIPTION, Kind.ERP_INVOICE, Kind.ERP_CREDIT}


def check(case: Case) -> Iterator[Finding]:
    """Each product whose sold and billed quantities differ today (before the start: on the start day) or later."""
    if not case.org.has("cpq", "billing"):
        return
    for terms in case.terms:
        if terms.complete():
            for product in terms.products(Charge.RECURRING):
                yield from _quantities(case, terms, product)
            for product in terms.products(Charge.USAGE):
                yield from _included(case, terms, product)


def _quantities(case: Case, terms: Terms, product: str) -> Iterator[Finding]:
    segments = terms.segments(product)
    differing = [s for s in segments if _differs(case, s)]
    ahead = [s for s in differing if s.span.until and s.span.until > case.today]
    if not ahead:
        return
    first = ahead[0]
    currency = terms.subscription.currency
    amount = sum((_risk(s) for s in differing), Fraction(0))
    yield _finding(
        case,
        terms,
        product,
        {case.system("cpq"): first.sold, case.system("billing"): first.billed, case.system("erp"): _booked(case, first, product)},
        rounded(amount, currency) if currency else None,
        None if differing[0] is segments[0] else end_of_day(differing[0].span.start, case.org.zone),  # type: ignore[arg-type]
    )


def _differs(case: Case, segment: Segment) -> bool:
    """Both sides must speak of the days, except that a sale of zero and no charge at all are the same."""
    if segment.sold is None or segment.billed is None:
        return False
    return abs(segment.sold - segment.billed) > case.policy.quantity_tolerance


def _risk(segment: Segment) -> Fraction:
    price = segment.sold_price if segment.sold_price is not None else segment.billed_price
    quantity = abs((segment.sold or ZERO) - (segment.billed or ZERO))
    return Fraction(quantity) * (price or 0) * segment.span.days() / segment.year_days


def _booked(case: Case, segment: Segment, product: str) -> Decimal | None:
    """What the ledger was invoiced for the first of these days that it covers."""
    day = max(segment.span.start or case.today, min(case.today, segment.span.until or case.today))
    covers = [c for c in case.on(day, "erp") if c.product == product and c.quantity is not None and c.net >= 0]
    return sum((c.quantity or ZERO for c in covers), ZERO) if covers else None


def _included(case: Case, terms: Terms, product: str) -> Iterator[Finding]:
    """Usage: only the units that cost nothing extra are compared."""
    sold = [x.included for x in terms.base.lines if x.product == product and x.charge is Charge.USAGE and x.included is not None]
    billed = [x.included for x in terms.subscription.lines if x.product == product and x.included is not None]
    if sold and billed and sold[-1] != billed[-1]:
        values: dict[str, Decimal | None] = {case.system("cpq"): sold[-1], case.system("billing"): billed[-1]}
        yield _finding(case, terms, product, values, None, None)


def _finding(
    case: Case, terms: Terms, product: str, values: dict[str, Decimal | None], amount: Decimal | None, not_before: datetime | None
) -> Finding:
    cpq, billing = case.system("cpq"), case.system("billing")
    subscription = case.subscription_of(terms)
    said = {system: value for system, value in values.items() if value is not None}
    return Finding(
        rule=CODE,
        anchor=subscription.ref,
        part=product,
        subject=product,
        message=f"{product}: " + ", ".join(f"{system} has {value.normalize():f}" for system, value in said.items()),
        amount=case.money(amount, terms.subscription.currency),
        systems=tuple(said),
        culprit=case.suspect(dict(said), cpq),
        fix=f"set the quantity of {product} in {billing} to {values[cpq]}",
        evidence=(subscription.evidence(said.get(billing, "")), *(q.evidence() for q in case.quotes)),
        subjects=(f"product:{product}",),
        values=tuple((system, f"{value.normalize():f}") for system, value in said.items()),
        tolerance=str(case.policy.quantity_tolerance),
        grace=case.policy.grace("amendment_to_billing"),
        not_before=not_before,
        awaits=billing,
    )
