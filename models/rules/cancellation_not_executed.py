"""Cancelled, still running

The cancellation is approved and effective, and billing still runs the subscription past that day: the customer will be
billed, and revenue recognised, for service nobody owes. Closes when billing ends it on that day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from models.calendar import Span, end_of_day
from models.case import Case, Seen
from models.documents import Agreement, Change, Charge, Status, Subscription
from models.findings import Culprit, Finding, Severity
from models.money import ZERO
from models.references import Kind
from models.terms import Terms

CODE = "cancellation_not_executed"
SEVERITY = Severity.HIGH
SCOPE = "contract"
CONCERNS = {Kind.QUOTE, Kind.SUBSCRIPTION, Kind.CONTRACT, Kind.INVOICE}


def check(case: Case) -> Iterator[Finding]:
    """Each subscription that runs past the day on which CRM or CPQ ended its contract."""
    if not case.org.has("billing"):
        return
    for terms in case.terms:
        ended = _ended(case, terms)
        subscription = case.subscription_of(terms)
        if ended and _runs(subscription.doc, ended[0]):
            yield _finding(case, subscription, *ended)


def _ended(case: Case, terms: Terms) -> tuple[date, datetime] | None:
    """The first day without service that was agreed, and when that was approved."""
    for agreement in case.deals(Kind.CONTRACT, Agreement):
        if agreement.doc.status is Status.ENDED and agreement.doc.until:
            return agreement.doc.until, agreement.since(Status.ENDED)
    for quote in case.quotes:
        if (
            quote.doc.change is Change.AMENDMENT
            and quote.doc in terms.quotes
            and quote.doc.span.start
            and _nothing_left(terms, quote.doc.span.start)
        ):
            return quote.doc.span.start, quote.since(Status.ACCEPTED)
    return None


def _nothing_left(terms: Terms, day: date) -> bool:
    products = terms.products(Charge.RECURRING)
    lines = [x for product in products for x in terms.sold_lines(product, day)]
    return bool(lines) and sum((x.quantity or ZERO for x in lines), ZERO) <= 0


def _runs(subscription: Subscription, day: date) -> bool:
    """Whether any recurring charge goes on from that day."""
    if subscription.status in (Status.ENDED, Status.PROPOSED):
        return False
    until = subscription.cancelled_on or subscription.term.until
    if until is not None and until <= day:
        return False
    return any(x.span.until is None or x.span.until > day for x in subscription.lines if x.charge is Charge.RECURRING)


def _finding(case: Case, subscription: Seen[Subscription], day: date, approved: datetime) -> Finding:
    billing = case.system("billing")
    billed = [c for c in case.within(Span(day, subscription.doc.term.until), "billing") if c.span.start and c.span.start >= day]
    return Finding(
        rule=CODE,
        anchor=subscription.ref,
        subject=subscription.number,
        message=f"{subscription.number} was cancelled as of {day}, and {billing} runs it on",
        amount=case.money(sum((c.net for c in billed), ZERO), subscription.doc.currency),
        systems=(case.system("crm"), billing),
        culprit=Culprit(billing, "medium", "cancellation belongs to CRM and CPQ"),
        fix=f"cancel {subscription.number} in {billing} as of {day} and credit what was billed after it",
        evidence=(subscription.evidence(subscription.doc.status),),
        subjects=(f"subscription:{subscription.number}", *(f"product:{x.product}" for x in subscription.doc.lines)),
        due=max(approved + case.policy.grace("amendment_to_billing"), end_of_day(day, case.org.zone)),
        awaits=billing,
    )
