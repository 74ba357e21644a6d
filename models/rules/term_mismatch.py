"""Dates differ

Start or end of the term differs between the sale and billing: days are given away or billed without a right to them.
Inclusive and exclusive ends are the same day once normalised. Closes when a newer version ties.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from models.case import Case
from models.documents import Change, Charge, Line, Status
from models.findings import Finding, Severity
from models.money import rounded
from models.references import Kind
from models.terms import Terms, annual

CODE = "term_mismatch"
SEVERITY = Severity.MEDIUM
SCOPE = "contract"
CONCERNS = {Kind.QUOTE, Kind.SUBSCRIPTION}


def check(case: Case) -> Iterator[Finding]:
    """The start and the end of each subscription's term against those of the quotes that billing has begun."""
    if not case.org.has("cpq", "billing"):
        return
    for terms in case.terms:
        if terms.subscription.status is Status.CANCELLED or not terms.executed:
            continue
        whole = [q for q in terms.executed if q.change is not Change.AMENDMENT]
        sold = (
            min((q.span.start for q in whole if q.span.start), default=None),
            max((q.span.until for q in whole if q.span.until), default=None),
        )
        billed = (terms.subscription.start, terms.subscription.term.until)
        for name, ours, theirs in zip(("start", "end"), sold, billed, strict=True):
            if ours and theirs and abs((ours - theirs).days) > case.policy.date_tolerance_days:
                yield _finding(case, terms, name, ours, theirs)


def _finding(case: Case, terms: Terms, name: str, sold: date, billed: date) -> Finding:
    cpq, billing = case.system("cpq"), case.system("billing")
    subscription = case.subscription_of(terms)
    currency = terms.subscription.currency
    yearly = sum(((annual(x) or Fraction(0)) * Fraction(x.quantity or 0) for x in _in_force(terms)), Fraction(0))
    amount = rounded(yearly * abs((sold - billed).days) / 365, currency) if currency else None
    return Finding(
        rule=CODE,
        anchor=subscription.ref,
        part=name,
        subject=subscription.number,
        message=f"The {name} of {subscription.number} (exclusive) is {sold} as sold and {billed} in {billing}",
        amount=case.money(amount, currency),
        systems=(cpq, billing),
        culprit=case.suspect({cpq: sold, billing: billed}, cpq),
        fix=f"align the {name} of {subscription.number} in {billing} with the accepted quote",
        evidence=(subscription.evidence(billed), *(q.evidence(q.doc.span.until) for q in case.quotes)),
        subjects=(f"subscription:{subscription.number}",),
        values=((cpq, str(sold)), (billing, str(billed))),
        tolerance=f"{case.policy.date_tolerance_days} days",
        grace=case.policy.grace("amendment_to_billing"),
        awaits=billing,
    )


def _in_force(terms: Terms) -> list[Line]:
    """The recurring charge segments that run to the last day any of them runs to."""
    lines = [x for x in terms.subscription.lines if x.charge is Charge.RECURRING]
    last = max((x.span.until for x in lines if x.span.until), default=None)
    return [x for x in lines if x.span.until == last]
