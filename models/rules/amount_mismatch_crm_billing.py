"""Sold for one amount, set up for another

The total of the accepted quotes (amendments summed, net of tax, usage left out) differs from what billing has set up
for the same terms, while quantities and prices agree. Closes when a newer version ties.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case
from models.documents import Charge, Status
from models.findings import Finding, Severity
from models.money import minor_unit
from models.references import Kind
from models.terms import Terms

CODE = "amount_mismatch_crm_billing"
SEVERITY = Severity.HIGH
SCOPE = "contract"
CONCERNS = {Kind.QUOTE, Kind.SUBSCRIPTION}


def check(case: Case) -> Iterator[Finding]:
    """Each subscription whose configured value differs from the sold one by more than the tolerance of its lines."""
    if not case.org.has("cpq", "billing"):
        return
    for terms in case.terms:
        currency = terms.currency()
        if not currency or not terms.complete() or terms.subscription.status is Status.CANCELLED or _differs_already(terms):
            continue
        sold, billed = terms.sold_total(), terms.billed_total()
        lines = sum(len(q.lines) for q in terms.executed)
        tolerance = minor_unit(currency) * case.policy.amount_tolerance_units * lines
        if sold is None or billed is None or abs(sold - billed) <= tolerance:
            continue
        cpq, billing = case.system("cpq"), case.system("billing")
        subscription = case.subscription_of(terms)
        yield Finding(
            rule=CODE,
            anchor=subscription.ref,
            subject=subscription.number,
            message=f"{subscription.number} was sold for {sold:,f} {currency} and is set up for {billed:,f} {currency}",
            amount=case.money(sold - billed, currency),
            systems=(cpq, billing),
            culprit=case.suspect({cpq: sold, billing: billed}, cpq),
            fix=f"correct {subscription.number} in {billing} from the accepted quote",
            evidence=(subscription.evidence(billed), *(q.evidence(q.doc.total) for q in case.quotes)),
            subjects=(f"subscription:{subscription.number}",),
            values=((cpq, str(sold)), (billing, str(billed))),
            tolerance=f"{tolerance} {currency}",
            grace=case.policy.grace("amendment_to_billing"),
            awaits=billing,
        )


def _differs_already(terms: Terms) -> bool:
    """Whether quantities or prices differ on any day, or one side has days that the other has not: other rules speak."""
    for product in terms.products(Charge.RECURRING):
        for s in terms.segments(product):
            if s.sold != s.billed or (s.sold_price is not None and s.billed_price is not None and s.sold_price != s.billed_price):
                return True
    return False
