"""Two subscriptions, one order

Two live subscriptions name the same quote (or sell the same products in the same quantities from the same days, and no
second sale stands behind them): the customer is served once and billed twice. Closes when one is cancelled.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case, Seen
from models.documents import Change, Charge, Status, Subscription
from models.findings import Culprit, Finding, Severity
from models.money import ZERO
from models.references import Kind

CODE = "duplicate_subscription"
SEVERITY = Severity.CRITICAL
SCOPE = "contract"
CONCERNS = {Kind.QUOTE, Kind.SUBSCRIPTION}

_LIVE = (Status.ACTIVE, Status.SIGNED, Status.SUSPENDED)


def check(case: Case) -> Iterator[Finding]:
    """Each later live subscription that repeats an earlier one of the same sale."""
    live = [s for s in case.subscriptions if s.doc.status in _LIVE]
    live.sort(key=lambda s: (s.since(*_LIVE), s.ref.size))
    sales = sum(1 for quote in case.quotes if quote.doc.change is Change.NEW)
    for number, later in enumerate(live):
        earlier = next((e for e in live[:number] if _repeats(e.doc, later.doc)), None)
        if earlier is not None and sales <= number:
            yield _finding(case, earlier, later)


def _repeats(earlier: Subscription, later: Subscription) -> bool:
    """Same quote, and the same lines: an order split by entity or ship-to sells other lines."""
    same_quote = earlier.quote_number == later.quote_number and earlier.entity == later.entity
    return same_quote and _lines(earlier) == _lines(later) != []


def _lines(subscription: Subscription) -> list[tuple[object, ...]]:
    lines = [x for x in subscription.lines if x.charge is Charge.RECURRING]
    return sorted(((x.product, str(x.quantity), str(x.span.start)) for x in lines), key=str)


def _finding(case: Case, earlier: Seen[Subscription], later: Seen[Subscription]) -> Finding:
    billing = case.system("billing")
    amount = sum((x.net or ZERO for x in later.doc.lines if x.charge is not Charge.USAGE), ZERO)
    return Finding(
        rule=CODE,
        anchor=later.ref,
        part=earlier.number,
        subject=later.number,
        message=f"{later.number} in {billing} sells again what {earlier.number} sells, for one sale",
        amount=case.money(amount, later.doc.currency),
        systems=(billing,),
        culprit=Culprit(billing, "high", "both subscriptions are its own; the later one repeats"),
        fix=f"cancel {later.number} in {billing} and credit what it billed",
        evidence=(earlier.evidence(earlier.doc.quote_number), later.evidence(later.doc.quote_number)),
        subjects=(f"subscription:{later.number}",),
    )
