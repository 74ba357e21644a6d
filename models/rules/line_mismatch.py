"""Product sold, not set up (or the reverse)

A product with an amount or an entitlement stands on one side only: the customer gets what is not billed, or pays for
what was not sold. Closes when both sides carry the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from models.calendar import Span
from models.case import Case
from models.documents import Charge, Line
from models.findings import Finding, Severity
from models.money import ZERO
from models.references import Kind
from models.terms import Terms

CODE = "line_mismatch"
SEVERITY = Severity.HIGH
SCOPE = "contract"
CONCERNS = {Kind.QUOTE, Kind.SUBSCRIPTION, Kind.ERP_INVOICE, Kind.ERP_CREDIT}


def check(case: Case) -> Iterator[Finding]:
    """Each product that only sale or only billing carries in the terms that both speak about."""
    if not case.org.has("cpq", "billing"):
        return
    for terms in case.terms:
        if not terms.complete():
            continue
        sold, billed = _sold(terms), _billed(terms)
        for product in sorted(sold.keys() ^ billed.keys()):
            lines = sold.get(product) or billed[product]
            yield from _finding(case, terms, product, lines, product in sold)


def _finding(case: Case, terms: Terms, product: str, lines: list[Line], only_sold: bool) -> Iterator[Finding]:
    if not all(line.mapped for line in lines) or not any(_matters(line) for line in lines):
        return
    cpq, billing = case.system("cpq"), case.system("billing")
    here, there = (cpq, billing) if only_sold else (billing, cpq)
    subscription = case.subscription_of(terms)
    yield Finding(
        rule=CODE,
        anchor=subscription.ref,
        part=product,
        subject=product,
        message=f"{product} stands in {here} and not in {there}",
        amount=case.money(sum((line.net or ZERO for line in lines), ZERO), terms.subscription.currency),
        systems=(cpq, billing),
        culprit=case.suspect({cpq: only_sold, billing: not only_sold}, cpq),
        fix=f"add {product} in {there}, or end it in {here}",
        evidence=(subscription.evidence(product), *(q.evidence(product) for q in case.quotes)),
        subjects=(f"product:{product}",),
        values=((here, "present"), (there, "absent")),
        grace=case.policy.grace("amendment_to_billing"),
        awaits=there,
    )


def _matters(line: Line) -> bool:
    return bool(line.net) or bool(line.included) or bool(line.overage_price) or (line.charge is Charge.USAGE and bool(line.unit_price))


def _sold(terms: Terms) -> dict[str, list[Line]]:
    """The sold lines of executed quotes by product; what amendments took away altogether is not sold."""
    found: dict[str, list[Line]] = {}
    for quote in terms.executed:
        for line in quote.lines:
            if not line.bundle_parent:
                found.setdefault(line.product, []).append(line)
    return {product: lines for product, lines in found.items() if _quantity(lines)}


def _billed(terms: Terms) -> dict[str, list[Line]]:
    """The charges that touch the sold terms by product."""
    window = Span(terms.base.span.start, max((q.span.until for q in terms.executed if q.span.until), default=None))
    found: dict[str, list[Line]] = {}
    for line in terms.subscription.lines:
        if not line.bundle_parent and line.span.overlap(window):
            found.setdefault(line.product, []).append(line)
    return found


def _quantity(lines: list[Line]) -> Decimal:
    """More than zero where something of the product is sold at any time."""
    return max((abs(line.quantity) if line.quantity is not None else Decimal(1) for line in lines), default=ZERO)
