"""Amendment not in the ledger

Billing carries an amendment and the ledger has no revenue element that begins with it: revenue goes on as before.
Closes when the element arrives.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from models.calendar import Span, end_of_day
from models.case import Case, Seen
from models.documents import Change, Charge, Line, Quote
from models.findings import Culprit, Finding, Severity
from models.money import ZERO
from models.references import Kind
from models.terms import Terms

CODE = "amendment_not_in_erp"
SEVERITY = Severity.HIGH
SCOPE = "contract"
CONCERNS = {Kind.QUOTE, Kind.SUBSCRIPTION, Kind.INVOICE, Kind.REVENUE_ELEMENT}


def check(case: Case) -> Iterator[Finding]:
    """Each amendment with an amount that billing carries and for whose product no element begins on its day."""
    if not case.org.has("cpq", "billing", "erp"):
        return
    for terms in case.terms:
        for quote in case.quotes:
            if quote.doc.change is not Change.AMENDMENT or quote.doc not in terms.quotes or quote.doc.span.start is None:
                continue
            missing = [x for x in quote.doc.lines if _counts(x) and _carried(terms, quote.doc, x) and not _booked(case, quote.doc, x)]
            if missing:
                yield _finding(case, terms, quote, missing)


def _counts(line: Line) -> bool:
    return line.charge is Charge.RECURRING and bool(line.net) and (line.quantity or ZERO) > 0


def _carried(terms: Terms, quote: Quote, line: Line) -> bool:
    day = line.span.start or quote.span.start
    assert day is not None
    sold, billed = terms.quantities(line.product, day)
    return sold == billed


def _booked(case: Case, quote: Quote, line: Line) -> bool:
    day = line.span.start or quote.span.start
    return any(c.product == line.product and c.span.start == day for c in case.within(Span(day, None), "revenue"))


def _deadline(case: Case, terms: Terms, quote: Seen[Quote], lines: list[Line]) -> datetime:
    """The grace after the latest of: billing carries it, its effective day is over, its invoice was posted."""
    start = quote.doc.span.start
    assert start is not None
    subscription = case.subscription_of(terms)
    products = {x.product for x in lines}
    posted = [c.since for c in case.on(start, "billing") if c.product in products and c.span.start == start and c.since]
    moments = [end_of_day(start, case.org.zone), subscription.held.seen_at or subscription.held.at, *posted]
    return max(moments) + case.policy.grace("amendment_to_erp")


def _finding(case: Case, terms: Terms, quote: Seen[Quote], lines: list[Line]) -> Finding:
    erp = case.system("erp")
    start = quote.doc.span.start
    return Finding(
        rule=CODE,
        anchor=quote.ref,
        subject=quote.number,
        message=f"Amendment {quote.number} is in {case.system('billing')}, and {erp} has no revenue element from {start} on",
        amount=case.money(sum((x.net or ZERO for x in lines), ZERO), quote.doc.currency),
        systems=(case.system("billing"), erp),
        culprit=Culprit(erp, "medium", "billing carries the amendment"),
        fix=f"re-send the contract version of {quote.number} to {erp}",
        evidence=(quote.evidence(quote.doc.total),),
        subjects=(f"quote:{quote.number}", *(f"schedule:{x.product}/{x.span.start or start}" for x in lines)),
        due=_deadline(case, terms, quote, lines),
        awaits=erp,
    )
