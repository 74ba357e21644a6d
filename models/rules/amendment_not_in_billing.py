"""Amended, still billed as before

An accepted amendment has taken effect and billing still shows the terms of before it. The amount at risk is what it
changes from its effective date to the end of the term. Closes when billing carries it.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.calendar import end_of_day
from models.case import Case, Seen
from models.documents import Change, Charge, Quote, Status
from models.findings import Culprit, Finding, Severity
from models.references import Kind
from models.terms import Terms

CODE = "amendment_not_in_billing"
SEVERITY = Severity.HIGH
SCOPE = "contract"
CONCERNS = {Kind.QUOTE, Kind.SUBSCRIPTION}


def check(case: Case) -> Iterator[Finding]:
    """Each accepted amendment none of whose quantities billing carries on its effective day."""
    if not case.org.has("cpq", "billing"):
        return
    for terms in case.terms:
        for quote in case.quotes:
            mine = quote.doc.change is Change.AMENDMENT and quote.doc in terms.quotes
            if mine and quote.doc.span.start and not _cancels(terms, quote.doc) and not _carried(terms, quote.doc):
                yield _finding(case, terms, quote)


def _cancels(terms: Terms, quote: Quote) -> bool:
    """An amendment that leaves nothing is a cancellation and has its own rule."""
    day = quote.span.start
    assert day is not None
    return all(
        terms.quantities(product, x_day)[0] <= 0
        for product, x_day in ((line.product, line.span.start or day) for line in quote.lines if line.quantity)
    )


def _carried(terms: Terms, quote: Quote) -> bool:
    """Whether billing shows any other quantity than the one of before the amendment."""
    for line in quote.lines:
        day = line.span.start or quote.span.start
        if not line.quantity or day is None or line.charge is not Charge.RECURRING:
            continue
        sold, billed = terms.quantities(line.product, day)
        if billed == sold - line.quantity:
            return False
    return True


def _finding(case: Case, terms: Terms, quote: Seen[Quote]) -> Finding:
    billing = case.system("billing")
    approved = quote.since(Status.ACCEPTED) + case.policy.grace("amendment_to_billing")
    assert quote.doc.span.start is not None
    subscription = case.subscription_of(terms)
    return Finding(
        rule=CODE,
        anchor=quote.ref,
        subject=quote.number,
        message=f"Amendment {quote.number} is in force since {quote.doc.span.start}, and {billing} shows the old terms",
        amount=case.money(quote.doc.total, quote.doc.currency),
        systems=(case.system("cpq"), billing),
        culprit=Culprit(billing, "medium", "after its approval the amendment owns the terms"),
        fix=f"apply amendment {quote.number} to {subscription.number} in {billing}",
        evidence=(quote.evidence(quote.doc.total), subscription.evidence(f"version {subscription.doc.version}")),
        subjects=(f"quote:{quote.number}", f"subscription:{subscription.number}", *(f"product:{x.product}" for x in quote.doc.lines)),
        due=max(approved, end_of_day(quote.doc.span.start, case.org.zone)),
        awaits=billing,
    )
