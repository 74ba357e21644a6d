"""Billing without a sale

A customer is billed for something that no won deal, quote or order stands behind: either the link is missing, or
nobody sold it. Closes when the sale is linked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time

from models.case import Case, Seen
from models.documents import Charge, Opportunity, Order, Status, Subscription
from models.findings import Culprit, Finding, Severity
from models.money import ZERO
from models.references import Kind

CODE = "subscription_without_sale"
SEVERITY = Severity.MEDIUM
SCOPE = "contract"
CONCERNS = {Kind.OPPORTUNITY, Kind.QUOTE, Kind.ORDER, Kind.SUBSCRIPTION}


def check(case: Case) -> Iterator[Finding]:
    """Each active, paid subscription of a contract without a won opportunity, accepted quote or order."""
    if not case.org.has("crm", "billing") or case.quotes:
        return
    if any(d.doc.status is Status.WON for d in case.deals(Kind.OPPORTUNITY, Opportunity)):
        return
    if any(o.doc.status is Status.ORDERED for o in case.deals(Kind.ORDER, Order)):
        return
    for subscription in case.subscriptions:
        amount = sum((x.net or ZERO for x in subscription.doc.lines if x.charge is Charge.RECURRING), ZERO)
        if subscription.doc.status is not Status.ACTIVE or not amount:
            continue
        billing = case.system("billing")
        yield Finding(
            rule=CODE,
            anchor=subscription.ref,
            subject=subscription.number,
            message=f"{billing} bills subscription {subscription.number}, and no won deal, quote or order stands behind it",
            amount=case.money(amount, subscription.doc.currency),
            systems=(billing, case.system("crm")),
            culprit=Culprit(billing, "low", "most often the reference to the sale is missing"),
            fix=f"link {subscription.number} to its sale, or create the sale",
            evidence=(subscription.evidence(amount),),
            subjects=(f"subscription:{subscription.number}",),
            due=_created(subscription) + case.policy.grace("identity"),
            awaits=case.system("crm"),
        )


def _created(subscription: Seen[Subscription]) -> datetime:
    """When it came to be: seen active, or at the latest on the day that billing gives as its creation."""
    when = subscription.since(Status.ACTIVE)
    day = subscription.doc.created_on
    return min(when, datetime.combine(day, time.max, UTC)) if day else when
