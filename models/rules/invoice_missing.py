"""Due to bill, not billed

By the subscription's own charges a bill date has passed, and no posted invoice covers the service period that begins
with it. Closes when an invoice that covers it is posted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from models.calendar import Span, add_months, end_of_day
from models.case import Case, Seen
from models.documents import Charge, Line, Status, Subscription
from models.findings import Finding, Severity
from models.references import Kind

CODE = "invoice_missing"
SEVERITY = Severity.HIGH
SCOPE = "contract"
CONCERNS = {Kind.SUBSCRIPTION, Kind.INVOICE, Kind.CREDIT}
PERIODS_MAX = 400  # of one charge that are looked at in one go
AHEAD = 1  # periods not billed yet that are waited for


def check(case: Case) -> Iterator[Finding]:
    """Each billing period of each charge that no posted invoice line covers, due ones and the next."""
    if not case.org.has("billing"):
        return
    for subscription in case.subscriptions:
        if subscription.doc.status not in (Status.ACTIVE, Status.CANCELLED, Status.ENDED):
            continue
        for number in sorted({x.id for x in subscription.doc.lines if x.charge is not Charge.USAGE}):
            segments = sorted((x for x in subscription.doc.lines if x.id == number), key=lambda x: x.span.start or date.min)
            yield from _charge(case, subscription, number, segments)


def _charge(case: Case, subscription: Seen[Subscription], number: str, segments: list[Line]) -> Iterator[Finding]:
    """The uncovered periods of one charge; what is covered without a gap is not looked at again."""
    until = case.head.billed_until
    key = f"{subscription.ref.id}|{number}"
    from_day, gapless, ahead = until.get(key, date.min), True, 0
    watch = case.policy.watch_from or date.min
    for period, line in _periods(subscription.doc, segments, max(from_day, watch)):
        assert period.start is not None
        if _covered(case, subscription, line, period):
            if gapless:
                until[key] = period.start + timedelta(days=1)
            continue
        gapless = False
        billed_on = period.start if line.in_advance or period.until is None else period.until
        if billed_on > case.today:
            ahead += 1
        yield _finding(case, subscription, line, period, billed_on)
        if ahead >= AHEAD:
            return


def _periods(subscription: Subscription, segments: list[Line], from_day: date) -> Iterator[tuple[Span, Line]]:
    """The billing periods of a charge that begin on or after a day, with the segment in force at the start of each."""
    line = segments[0]
    start, months = line.span.start, line.billing_months if line.charge is Charge.RECURRING else None
    if start is None:
        return
    before = (from_day.year - start.year) * 12 + from_day.month - start.month
    skipped = max(0, before // months) if months else 0
    for index in range(skipped, skipped + PERIODS_MAX):
        first = add_months(start, index * months, start.day) if months else start
        line = next((x for x in segments if x.span.holds(first)), segments[0])
        if not line.span.holds(first) or (subscription.cancelled_on and first >= subscription.cancelled_on):
            return
        if first >= from_day and line.unit_price != 0 and line.quantity != 0 and line.net != 0:
            yield Span(first, add_months(start, (index + 1) * months, start.day) if months else None), line
        if not months:
            return


def _covered(case: Case, subscription: Seen[Subscription], line: Line, period: Span) -> bool:
    assert period.start is not None
    names = subscription.ids
    lines = case.on(period.start, "billing") if line.charge is Charge.RECURRING else case.within(Span(period.start, None), "billing")
    return any(c.product == line.product and (c.subscription is None or c.subscription in names) for c in lines)


def _finding(case: Case, subscription: Seen[Subscription], line: Line, period: Span, billed_on: date) -> Finding:
    billing, currency = case.system("billing"), subscription.doc.currency
    amount = line.unit_price * (line.quantity or 1) if line.unit_price is not None else line.net
    if line.price_months and line.billing_months and amount is not None:
        amount = amount * line.billing_months / line.price_months
    return Finding(
        rule=CODE,
        anchor=subscription.ref,
        part=line.product,
        period=str(period.start),
        subject=subscription.number,
        message=f"{line.product} of {subscription.number} was to be billed on {billed_on}, and no posted invoice covers it",
        amount=case.money(amount, currency),
        systems=(billing,),
        culprit=case.suspect({billing: "no invoice", case.system("cpq"): "due"}, case.system("cpq")),
        fix=f"run billing for {subscription.number}",
        evidence=(subscription.evidence(amount),),
        subjects=(f"subscription:{subscription.number}/{period.start}", f"billing:{line.product}/{period.start}"),
        due=_deadline(case, line, period, billed_on),
        awaits=billing,
    )


def _deadline(case: Case, line: Line, period: Span, billed_on: date) -> datetime:
    """The grace after the bill date, or after an invoice of the period was voided: its successor is given the same."""
    assert period.start is not None
    voided = [c.since for c in case.voided(period.start, "billing") if c.product == line.product and c.since]
    return max([end_of_day(billed_on, case.org.zone), *voided]) + case.policy.grace("invoice_due")
