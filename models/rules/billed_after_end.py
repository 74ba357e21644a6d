"""Billed after the end

A live invoice line bills service that begins on or after the subscription's effective end. Closes when it is credited.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from models.calendar import Span, add_months
from models.case import Case, Seen
from models.documents import Charge, Status, Subscription
from models.findings import Culprit, Finding, Severity
from models.references import Kind
from models.state import Cover

CODE = "billed_after_end"
SEVERITY = Severity.HIGH
SCOPE = "contract"
CONCERNS = {Kind.SUBSCRIPTION, Kind.INVOICE, Kind.CREDIT}
MONTHS_AHEAD = 24


def check(case: Case) -> Iterator[Finding]:
    """Each billed recurring line that begins on or after the day on which its subscription ended."""
    for subscription in case.subscriptions:
        ended = subscription.doc.cancelled_on
        if ended is None or subscription.doc.status not in (Status.CANCELLED, Status.ENDED):
            continue
        names = subscription.ids
        after = case.within(Span(ended, add_months(ended, MONTHS_AHEAD)), "billing")
        lines = [c for c in after if c.subscription in names and c.span.start and c.span.start >= ended and c.charge is Charge.RECURRING]
        credited = {(c.product, c.span) for c in lines if c.net < 0}
        for cover in lines:
            if cover.net > 0 and (cover.product, cover.span) not in credited:
                yield _finding(case, subscription, cover, ended)


def _finding(case: Case, subscription: Seen[Subscription], cover: Cover, ended: date) -> Finding:
    billing = case.system("billing")
    return Finding(
        rule=CODE,
        anchor=cover.document,
        part=cover.product,
        subject=cover.number,
        message=f"{cover.number} bills {cover.product} from {cover.span.start} on; {subscription.number} ended on {ended}",
        amount=case.money(cover.net, cover.currency),
        systems=(billing,),
        culprit=Culprit(billing, "high", "both the end and the invoice are its own"),
        fix=f"credit {cover.product} on {cover.number}",
        evidence=(subscription.evidence(ended),),
        subjects=(f"invoice:{cover.number}",),
    )
