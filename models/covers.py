"""Covers: the lines of a family on the calendar months they touch, so that a question about a day reads one month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from models.calendar import Span, month_of, months_in
from models.desk import Desk
from models.documents import DEAD, UNBORN, Charge, Credit, Invoice, Line, RevenueElement, RevenuePlan, Status
from models.held import here, portion
from models.money import ZERO
from models.references import Kind, Ref
from models.state import Cover, Head, Held, Month, Page

MONTHS_MAX = 120  # of one line: beyond ten years a line counts on its first ten only
SIDES = {Kind.INVOICE: "billing", Kind.CREDIT: "billing", Kind.ERP_INVOICE: "erp", Kind.ERP_CREDIT: "erp"}
_FROM_ORDER = frozenset({Kind.BILLING_ORDER, Kind.ERP_ORDER, Kind.ORDER, Kind.SUBSCRIPTION, Kind.REVENUE_CONTRACT})


def posted_since(held: Held) -> datetime | None:
    """When the document was first seen posted, by its source's own time."""
    return min((held.since[s] for s in (Status.POSTED, Status.PAID) if s in held.since), default=None)


def of_page(page: Page) -> list[Cover]:
    """What the documents of a family cover now."""
    covers: list[Cover] = []
    for held in page.held.values():
        if not here(held):
            continue
        document = portion(held)
        if isinstance(document, (Invoice, Credit)):
            covers += [_line(held, document, line, page.name) for line in document.lines if held.ref.kind in SIDES]
        elif isinstance(document, RevenueElement) and document.primary_book:
            covers.append(_element(held, document, page))
    return sorted(covers, key=lambda c: (c.document.size, c.line))


def _line(held: Held, document: Invoice | Credit, line: Line, family: str) -> Cover:
    dated = document.dated
    span = line.span if line.span.start else Span(dated, None)
    status = Status.POSTED if document.status is Status.PAID else document.status
    return Cover(
        side=SIDES[held.ref.kind],
        document=held.ref,
        line=line.id,
        product=line.product,
        charge=line.charge,
        span=span,
        net=line.net if line.net is not None else ZERO,
        quantity=line.quantity,
        unit_price=line.unit_price,
        currency=document.currency,
        entity=document.entity,
        subscription=line.subscription,
        family=family,
        status=status,
        number=document.number or held.ref.id,
        complete=document.complete_lines,
        since=held.since.get(Status.VOID) if status is Status.VOID else posted_since(held),
    )


def _element(held: Held, element: RevenueElement, page: Page) -> Cover:
    plans = [h.document for h in page.held.values() if here(h) and isinstance(h.document, RevenuePlan)]
    planned = any(plan.rows and not plan.forecast and plan.primary_book for plan in plans)
    return Cover(
        side="revenue",
        document=held.ref,
        line="",
        product=element.product or "",
        charge=Charge.RECURRING,
        span=element.span,
        net=element.allocated if element.allocated is not None else ZERO,
        quantity=None,
        unit_price=None,
        currency=element.currency,
        entity=element.entity,
        subscription=element.subscription.id if element.subscription else None,
        family=page.name,
        status=Status.POSTED if planned else Status.PENDING,
        number=held.ref.id,
        source=element.source,
        complete=not element.held,
    )


def refresh(desk: Desk, head: Head, page: Page) -> tuple[list[Cover], list[Cover]]:
    """Bring the months up to date with a page that changed; returns what went and what came."""
    now = of_page(page)
    old = page.covers
    if now == old:
        return [], []
    gone = [c for c in old if c not in now]
    come = [c for c in now if c not in old]
    for name in sorted({m for c in (*gone, *come) for m in months_of(c)}):
        _rewrite(desk, head, name, gone, come)
    patterns = desk.facts.organisation(head.ref.org).patterns
    for cover in (*gone, *come):
        head.ordered.pop(str(cover.document), None)
        _unbill(head, cover)
    for cover in come:
        # what is delivered once is found by its product; what runs over time by its months, or the head grew with age
        if from_order(cover) and patterns.get(cover.product) == "point_in_time":
            head.ordered[str(cover.document)] = cover
    page.covers = now
    return gone, come


def from_order(cover: Cover) -> bool:
    """Whether this is a revenue element that was made from an order, not from an invoice or credit."""
    return cover.side == "revenue" and cover.source is not None and cover.source.kind in _FROM_ORDER


def _unbill(head: Head, cover: Cover) -> None:
    """A billed line came or went: what is billed must be looked at again from there on."""
    if cover.side == "billing" and cover.span.start:
        for charge, until in head.billed_until.items():
            head.billed_until[charge] = min(until, cover.span.start)


def months_of(cover: Cover) -> Iterator[str]:
    """The months a cover stands in: those of its service, and for revenue made from a bill `from <source>` as well."""
    yield from months_in(cover.span, MONTHS_MAX)
    if cover.source and not from_order(cover):
        yield f"from {cover.source}"


def _rewrite(desk: Desk, head: Head, name: str, gone: Iterable[Cover], come: Iterable[Cover]) -> None:
    month = desk.records.month(head.ref, name) or Month()
    away = [c for c in gone if name in set(months_of(c))]
    month.covers = [c for c in month.covers if c not in away] + [c for c in come if name in set(months_of(c))]
    desk.records.keep_month(head.ref, name, month)


def on(desk: Desk, head: Head, day: date, side: str) -> list[Cover]:
    """The lines of one side that cover a day, posted and alive."""
    month = desk.records.month(head.ref, month_of(day))
    return [c for c in month.covers if c.side == side and c.span.holds(day) and counts(c)] if month else []


def voided(desk: Desk, head: Head, day: date, side: str) -> list[Cover]:
    """The lines of one side that covered a day until their document was voided; `since` says when that was."""
    month = desk.records.month(head.ref, month_of(day))
    return [c for c in month.covers if c.side == side and c.span.holds(day) and c.status is Status.VOID] if month else []


def within(desk: Desk, head: Head, span: Span, side: str) -> list[Cover]:
    """The lines of one side that touch a period, posted and alive, each once."""
    found: dict[Cover, None] = {}
    for name in months_in(span, MONTHS_MAX):
        month = desk.records.month(head.ref, name)
        for cover in month.covers if month else ():
            if cover.side == side and cover.span.overlap(span) and counts(cover):
                found[cover] = None
    return list(found)


def made_from(desk: Desk, head: Head, source: Ref) -> list[Cover]:
    """The revenue elements that were made from an invoice or credit."""
    month = desk.records.month(head.ref, f"from {source}")
    return [c for c in month.covers if c.side == "revenue"] if month else []


def counts(cover: Cover) -> bool:
    """Whether a line is in force: not a draft, not void."""
    return cover.side == "revenue" or cover.status not in DEAD | UNBORN


def neighbours(desk: Desk, head: Head, page: Page, changed: Iterable[Cover]) -> set[str]:
    """The other families that share a product and a month with lines that changed, or that they were made from."""
    found: set[str] = set()
    for cover in changed:
        if cover.source:
            found.add(str(cover.source))
        for name in months_in(cover.span, MONTHS_MAX):
            month = desk.records.month(head.ref, name)
            found |= {c.family for c in month.covers if c.product == cover.product} if month else set()
    return found - {page.name, ""}
