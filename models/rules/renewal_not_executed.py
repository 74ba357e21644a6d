"""Term over, service goes on

The term has ended, the renewal is agreed (or automatic), and billing has no new term: the customer is served without
being billed. Closes when billing begins the new term or the contract is cancelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from models.calendar import end_of_day
from models.case import Case, Seen
from models.documents import Change, Quote, Status, Subscription
from models.findings import Culprit, Finding, Severity
from models.references import Kind

CODE = "renewal_not_executed"
SEVERITY = Severity.HIGH
SCOPE = "contract"
CONCERNS = {Kind.QUOTE, Kind.SUBSCRIPTION, Kind.OPPORTUNITY}


def check(case: Case) -> Iterator[Finding]:
    """Each subscription whose term ends where an accepted renewal begins, or that renews by itself and has not."""
    if not case.org.has("billing"):
        return
    for subscription in case.subscriptions:
        until = subscription.doc.term.until
        if until is None or subscription.doc.status is not Status.ACTIVE or subscription.doc.cancelled_on:
            continue
        renewal = next((q for q in case.quotes if q.doc.change is Change.RENEWAL and q.doc.span.start and q.doc.span.start >= until), None)
        if renewal or subscription.doc.auto_renew:
            yield _finding(case, subscription, until, renewal)


def _finding(case: Case, subscription: Seen[Subscription], until: date, renewal: Seen[Quote] | None) -> Finding:
    billing = case.system("billing")
    agreed = f"renewal {renewal.number} is agreed" if renewal else "it renews by itself"
    ended = end_of_day(until, case.org.zone)
    return Finding(
        rule=CODE,
        anchor=subscription.ref,
        subject=subscription.number,
        message=f"The term of {subscription.number} ended before {until}, {agreed}, and {billing} has no new term",
        amount=case.money(renewal.doc.total if renewal else None, subscription.doc.currency),
        systems=(billing, case.system("cpq")),
        culprit=Culprit(billing, "medium", "renewal intent belongs to CRM and CPQ"),
        fix=f"execute the renewal of {subscription.number} in {billing}, or cancel it",
        evidence=(subscription.evidence(until), *((renewal.evidence(renewal.doc.span.start),) if renewal else ())),
        subjects=(f"subscription:{subscription.number}",),
        due=ended + case.policy.grace("renewal"),
        awaits=billing,
    )
