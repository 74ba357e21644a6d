"""Unit price differs

The net unit price, brought to a year, differs between the accepted quote and billing: every invoice will be wrong by
it. The amount at risk is the difference for the quantity and the term. Closes when a newer version ties.
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
from models.money import rounded
from models.references import Kind
from models.terms import Segment, Terms

CODE = "price_mismatch"
SEVERITY = Severity.HIGH
SCOPE = "contract"
CONCERNS = {Kind.QUOTE, Kind.SUBSCRIPTION}


def check(case: Case) -> Iterator[Finding]:
    """Each product whose sold and billed unit prices differ today (before the start: on the start day) or later."""
    if not case.org.has("cpq", "billing"):
        return
    for terms in case.terms:
        if not terms.complete():
            continue
        for product in terms.products(Charge.RECURRING):
            yield from _recurring(case, terms, product)
        for product in terms.products(Charge.USAGE):
            yield from _usage(case, terms, product)


def _recurring(case: Case, terms: Terms, product: str) -> Iterator[Finding]:
    segments = terms.segments(product)
    differing = [s for s in segments if _differs(case, s)]
    ahead = [s for s in differing if s.span.until and s.span.until > case.today]
    currency = terms.subscription.currency
    if not ahead or not currency:
        return
    amount = sum((_risk(s) for s in differing), Fraction(0))
    first = ahead[0]
    since = differing[0].span.start
    before = None if differing[0] is segments[0] or since is None else end_of_day(since, case.org.zone)
    places = case.policy.unit_price_decimals
    values = (_decimal(first.sold_price, places), _decimal(first.billed_price, places))
    yield _finding(case, terms, product, values, rounded(amount, currency), before)


def _differs(case: Case, segment: Segment) -> bool:
    if segment.sold_price is None or segment.billed_price is None:
        return False
    places = case.policy.unit_price_decimals
    return _decimal(segment.sold_price, places) != _decimal(segment.billed_price, places)


def _decimal(price: Fraction | None, places: int) -> Decimal:
    price = price or Fraction(0)
    return Decimal((price.numerator * 10**places * 2 + price.denominator) // (2 * price.denominator)).scaleb(-places)


def _risk(segment: Segment) -> Fraction:
    difference = abs((segment.sold_price or Fraction(0)) - (segment.billed_price or Fraction(0)))
    quantity = segment.billed if segment.billed is not None else segment.sold
    return difference * Fraction(quantity or 0) * segment.span.days() / segment.year_days


def _usage(case: Case, terms: Terms, product: str) -> Iterator[Finding]:
    """Usage: the price of a unit above the included ones."""
    sold = [x.overage_price for x in terms.base.lines if x.product == product and x.charge is Charge.USAGE and x.overage_price is not None]
    billed = [x.overage_price for x in terms.subscription.lines if x.product == product and x.overage_price is not None]
    if sold and billed and sold[-1] != billed[-1]:
        yield _finding(case, terms, product, (sold[-1], billed[-1]), None, None)


def _finding(
    case: Case, terms: Terms, product: str, values: tuple[Decimal, Decimal], amount: Decimal | None, before: datetime | None
) -> Finding:
    cpq, billing = case.system("cpq"), case.system("billing")
    subscription = case.subscription_of(terms)
    sold, billed = (f"{value.normalize():f}" for value in values)
    return Finding(
        rule=CODE,
        anchor=subscription.ref,
        part=product,
        subject=product,
        message=f"{product}: sold at {sold} a unit and year, set up in {billing} at {billed}",
        amount=case.money(amount, terms.subscription.currency),
        systems=(cpq, billing),
        culprit=case.suspect({cpq: sold, billing: billed}, cpq),
        fix=f"correct the price of {product} in {billing} from the accepted quote",
        evidence=(subscription.evidence(billed), *(q.evidence() for q in case.quotes)),
        subjects=(f"product:{product}",),
        values=((cpq, sold), (billing, billed)),
        tolerance=f"{case.policy.unit_price_decimals} decimals",
        grace=case.policy.grace("amendment_to_billing"),
        not_before=before,
        awaits=billing,
    )
