"""Sold, not set up in billing

The order stands and billing knows no subscription for it: service may start without anybody being billed.
Closes when the subscription arrives.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from models.calendar import end_of_day
from models.case import Case, Seen
from models.documents import Change, Charge, Order, Quote, Status
from models.findings import Culprit, Finding, Severity
from models.references import Kind

CODE = "won_without_subscription"
SEVERITY = Severity.HIGH
SCOPE = "contract"
CONCERNS = {Kind.QUOTE, Kind.ORDER, Kind.SUBSCRIPTION}


def check(case: Case) -> Iterator[Finding]:
    """The accepted first quote of a contract that has no subscription."""
    if not case.org.has("billing") or any(s.doc.status is not Status.PROPOSED for s in case.subscriptions):
        return
    for quote in case.quotes:
        recurring = [x for x in quote.doc.lines if x.charge is not Charge.ONE_TIME]
        if quote.doc.change is not Change.NEW or not recurring:
            continue
        billing = case.system("billing")
        yield Finding(
            rule=CODE,
            anchor=quote.doc.opportunity or quote.ref,
            message=f"Quote {quote.number} is sold, and {billing} has no subscription for it",
            amount=case.money(quote.doc.total, quote.doc.currency),
            systems=(case.system("cpq"), billing),
            culprit=Culprit(billing, "medium", "the sale is approved; billing has not been set up"),
            fix=f"create the subscription in {billing} from quote {quote.number}",
            evidence=(quote.evidence(quote.doc.total),),
            subjects=(f"quote:{quote.number}", "subscription"),
            due=_deadline(case, quote),
            awaits=billing,
        )


def _deadline(case: Case, quote: Seen[Quote]) -> datetime:
    """The later of order (or acceptance) plus the grace, and the end of the start day."""
    names = quote.refs
    orders = [o.since(Status.ORDERED) for o in case.deals(Kind.ORDER, Order) if o.doc.quote in names and o.doc.status is Status.ORDERED]
    due = min(orders, default=quote.since(Status.ACCEPTED)) + case.policy.grace("won_to_subscription")
    start = quote.doc.span.start
    return max(due, end_of_day(start, case.org.zone)) if start else due
