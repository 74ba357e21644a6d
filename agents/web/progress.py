"""The milestone tracker: matched, waiting, late or not applicable, with the time by which each is expected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from agents.web import wording
from agents.web.standing import EFFECT, OPEN, StandingView
from models.calendar import end_of_day
from models.case import Case
from models.documents import Change, Invoice
from models.milestones import CODES
from models.money import ZERO
from models.references import Kind
from models.state import Page, Reached

TITLES = {
    "order_accepted": "Order accepted",
    "subscription_activated": "Subscription activated",
    "invoice_posted": "Invoice posted",
    "payment_settled": "Payment settled",
    "revenue_schedule_created": "Revenue schedule created",
    "amendment_reconciled": "Amendment reconciled",
}
_NEEDS = {
    "order_accepted": ("crm",),
    "subscription_activated": ("billing",),
    "invoice_posted": ("billing",),
    "payment_settled": ("billing",),
    "revenue_schedule_created": ("erp",),
    "amendment_reconciled": ("billing", "erp"),
}
# The rules whose standing finding says that the milestone has not been reached, and by when it should be.
_AWAITED_BY = {
    "won_without_order": "order_accepted",
    "won_without_subscription": "subscription_activated",
    "invoice_missing": "invoice_posted",
    "revenue_schedule_missing": "revenue_schedule_created",
    "amendment_not_in_billing": "amendment_reconciled",
    "amendment_not_in_erp": "amendment_reconciled",
}


class Step(msgspec.Struct, frozen=True):
    """One milestone of one subject. `state` is matched, waiting, late or not applicable; `says` tells it in words."""

    code: str
    title: str
    subject: str
    state: str
    says: str
    at: datetime | None = None
    expected_by: datetime | None = None


def progress(cases: Sequence[tuple[Page, Case]], standing: Iterable[StandingView]) -> list[Step]:
    """The tracker of one contract, in the order of order-to-cash."""
    head = cases[0][1]
    reached = [r for page, _ in cases for r in page.milestones.values()]
    ahead = [*_awaited(standing), *_unpaid(cases), *_amendments(head, reached)]
    steps: list[Step] = []
    for code in CODES:
        mine = [_matched(r) for r in sorted(reached, key=lambda r: (r.at, r.number)) if r.code == code]
        mine += _once([s for s in ahead if s.code == code])
        steps += mine or [_nothing(code, head)]
    return steps


def _matched(reached: Reached) -> Step:
    return Step(reached.code, TITLES[reached.code], reached.number, "matched", f"reached {wording.instant(reached.at)}", reached.at)


def _awaited(standing: Iterable[StandingView]) -> Iterator[Step]:
    for each in standing:
        code = _AWAITED_BY.get(each.rule)
        if code:
            late = each.state in (OPEN, EFFECT)
            says = f"missing since {wording.instant(each.due)}" if late else each.says
            yield Step(code, TITLES[code], each.subject, "late" if late else "waiting", says, expected_by=each.due)


def _unpaid(cases: Iterable[tuple[Page, Case]]) -> Iterator[Step]:
    """Posted invoices with an open balance: the customer's date, which no alert of ours depends on."""
    for _, case in cases:
        for invoice in case.docs(Kind.INVOICE, Invoice):
            if not invoice.alive or not invoice.doc.balance or invoice.doc.balance < ZERO:
                continue
            due = end_of_day(invoice.doc.due, case.org.zone) if invoice.doc.due else None
            late = due is not None and due < case.now
            says = f"the customer's payment is overdue since {wording.instant(due)}" if late else wording.waiting(due, case.now, None)
            yield Step("payment_settled", TITLES["payment_settled"], invoice.number, "late" if late else "waiting", says, expected_by=due)


def _amendments(case: Case, reached: Iterable[Reached]) -> Iterator[Step]:
    """Accepted amendments that are not reconciled; a finding with a deadline speaks before this."""
    done = {r.subject for r in reached if r.code == "amendment_reconciled"}
    for quote in case.quotes:
        if quote.doc.change is Change.AMENDMENT and quote.ref not in done:
            code = "amendment_reconciled"
            yield Step(code, TITLES[code], quote.number, "waiting", "waiting for billing and the ERP to carry it, no deadline yet")


def _once(steps: Iterable[Step]) -> list[Step]:
    """One step a subject: the first said, which is the most urgent."""
    found: dict[str, Step] = {}
    for step in steps:
        found.setdefault(step.subject, step)
    return list(found.values())


def _nothing(code: str, case: Case) -> Step:
    missing = [role for role in _NEEDS[code] if not case.org.has(role)]
    if missing:
        return Step(code, TITLES[code], "", "not applicable", f"not applicable: the organisation names no {missing[0].upper()}")
    if code == "amendment_reconciled":
        return Step(code, TITLES[code], "", "not applicable", "not applicable: no amendment was accepted")
    return Step(code, TITLES[code], "", "waiting", "waiting for the step before it")
