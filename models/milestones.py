"""Milestones of order-to-cash: when each is reached, once per subject."""

from __future__ import annotations

from collections.abc import Iterator

from models.calendar import Span
from models.case import Case, Seen
from models.documents import Change, Invoice, Order, Payment, Quote, RevenueElement, RevenuePlan, Status
from models.evaluation import Bench
from models.outputs import Milestone, digest
from models.references import Kind, Ref
from models.state import Page, Reached

CODES = (
    "order_accepted",
    "subscription_activated",
    "invoice_posted",
    "payment_settled",
    "revenue_schedule_created",
    "amendment_reconciled",
)
Found = tuple[str, Ref, str]


def reach(bench: Bench, page: Page, cause: str) -> None:
    """Publish the milestones that the documents of a page (and the contract) have reached and that were not before."""
    case = Case(bench.desk, bench.head, page, bench.head.now)
    for code, ref, number in [*_of_page(case), *_of_contract(case)]:
        home = bench.head.page if ref.commercial else page
        key = f"{code}|{ref}"
        if key in home.milestones:
            continue
        home.milestones[key] = Reached(code, ref, number, bench.head.now, cause)
        bench.desk.emit(
            Milestone(
                id=digest("milestone", code, ref),
                milestone=code,
                contract=str(bench.head.ref),
                subject=number,
                ref=str(ref),
                at=bench.head.now,
                cause=cause,
            )
        )


def _of_contract(case: Case) -> Iterator[Found]:
    if case.org.has("cpq"):
        for quote in case.quotes:
            yield "order_accepted", quote.ref, quote.number
            if quote.doc.change is Change.AMENDMENT and reconciled(case, quote):
                yield "amendment_reconciled", quote.ref, quote.number
    else:
        for order in case.deals(Kind.ORDER, Order):
            if order.doc.status is Status.ORDERED:
                yield "order_accepted", order.ref, order.number
    for subscription in case.subscriptions:
        if subscription.doc.status is Status.ACTIVE:
            yield "subscription_activated", subscription.ref, subscription.number


def _of_page(case: Case) -> Iterator[Found]:
    for invoice in case.docs(Kind.INVOICE, Invoice):
        if invoice.doc.status in (Status.POSTED, Status.PAID):
            yield "invoice_posted", invoice.ref, invoice.number
    for payment in case.docs(Kind.PAYMENT, Payment):
        if settled(case, payment):
            yield "payment_settled", payment.ref, payment.number
    elements = {e.ref: e for e in case.docs(Kind.REVENUE_ELEMENT, RevenueElement)}
    for plan in case.docs(Kind.REVENUE_PLAN, RevenuePlan):
        element = elements.get(plan.doc.element) if plan.doc.element else None
        if plan.doc.rows and not plan.doc.forecast and plan.doc.primary_book:
            yield "revenue_schedule_created", plan.ref, obligation(element) if element else plan.number


def obligation(element: Seen[RevenueElement]) -> str:
    """An obligation in words: billing subscription, product, first day of service."""
    doc = element.doc
    subscription = doc.subscription.id if doc.subscription else "?"
    source = f"/{doc.source.id}" if doc.source and doc.source.kind is Kind.CREDIT else ""
    return f"{subscription}/{doc.product}/{doc.span.start}{source}"


def settled(case: Case, payment: Seen[Payment]) -> bool:
    """Whether a payment is settled: billing (for the gateway) says so, or by policy the ERP has cleared it."""
    if payment.doc.status is Status.SETTLED:
        return True
    if case.policy.settled_by != "erp":
        return False
    return any(p.doc.status is Status.SETTLED and p.doc.counterpart in (payment.ref, None) for p in case.docs(Kind.ERP_PAYMENT, Payment))


def reconciled(case: Case, quote: Seen[Quote]) -> bool:
    """Whether billing carries an amendment and the ERP has a revenue element that begins with it."""
    start = quote.doc.span.start
    changed = [line for line in quote.doc.lines if line.quantity]
    if start is None or not changed or not case.terms:
        return False
    for line in changed:
        day = line.span.start or start
        carried = any(len(set(t.quantities(line.product, day))) == 1 for t in case.terms)
        booked = any(c.product == line.product and c.span.start == day for c in case.within(Span(day, None), "revenue"))
        if not carried or not booked:
            return False
    return True
