"""The four systems side by side: dates, currency, totals, and each product's quantity and price over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

import msgspec

from agents.web import wording
from agents.web.cells import Row, Said, exactly, row, within
from models.calendar import DAY, Span
from models.case import Case, Seen
from models.documents import Agreement, Change, Charge, Line, Opportunity, Order, Quote, Status, Subscription
from models.money import ZERO, minor_unit
from models.references import Kind
from models.state import Cover
from models.terms import Terms, annual

ROLES = (("crm", "CRM"), ("cpq", "CPQ"), ("billing", "Billing"), ("erp", "ERP"))
SILENT = Said(None, wording.NOTHING)
SEGMENTS_MAX = 60  # of one product: what is older is left out


class Column(msgspec.Struct, frozen=True):
    """A role and the system that plays it; none where the organisation names none: not applicable."""

    role: str
    title: str
    system: str


class Table(msgspec.Struct, frozen=True):
    """The comparison."""

    columns: tuple[Column, ...]
    rows: list[Row]


class Sides:
    """The documents of the four columns, and the terms they agree on or do not."""

    def __init__(self, case: Case, erp_orders: Sequence[Seen[Order]]) -> None:
        self.case, self.erp_orders = case, erp_orders
        self.agreements = case.deals(Kind.CONTRACT, Agreement)
        self.deals = [d for d in case.deals(Kind.OPPORTUNITY, Opportunity) if d.doc.status is Status.WON]
        self.orders = [o for o in case.deals(Kind.ORDER, Order) if o.doc.status is Status.ORDERED]
        self.quotes, self.subscriptions = case.quotes, case.subscriptions
        self.terms = _terms(case)

    @property
    def currency(self) -> str | None:
        """The first currency stated."""
        stated = [
            *(s.doc.currency for s in self.subscriptions),
            *(q.doc.currency for q in self.quotes),
            *(a.doc.currency for a in self.agreements),
        ]
        return next((currency for currency in stated if currency), None)


def _terms(case: Case) -> list[Terms]:
    """Sold against billed; where one side has not spoken yet, the other alone."""
    if case.terms:
        return case.terms
    quotes = tuple(q.doc for q in case.quotes)
    alive = [s.doc for s in case.subscriptions if s.alive] or ([Subscription()] if quotes else [])
    return [Terms(quotes, subscription, case.policy) for subscription in alive]


def side_by_side(case: Case, erp_orders: Sequence[Seen[Order]]) -> Table:
    """The comparison of one contract."""
    sides = Sides(case, erp_orders)
    columns = tuple(Column(role, title, case.org.landscape.get(role, "")) for role, title in ROLES)
    rows = [_documents(sides), _statuses(sides), _starts(sides), _ends(sides), _currencies(sides), _totals(sides)]
    for terms in sides.terms:
        rows += _products(sides, terms)
    return Table(columns, rows)


def _shown(texts: Iterable[str]) -> Said:
    """Text that is not compared."""
    said = sorted({t for t in texts if t})
    return Said(None, ", ".join(said) or wording.NOTHING, compared=False)


def _documents(sides: Sides) -> Row:
    crm = [a.number for a in sides.agreements] + [f"order {o.number}" for o in sides.orders]
    groups: list[Iterable[str]] = [
        crm or [f"opportunity {d.ref.id}" for d in sides.deals],
        [q.number for q in sides.quotes],
        [s.number for s in sides.subscriptions],
        [o.number for o in sides.erp_orders],
    ]
    return row("Documents", [_shown(group) for group in groups])


def _statuses(sides: Sides) -> Row:
    groups: list[Sequence[Seen[Agreement] | Seen[Opportunity] | Seen[Quote] | Seen[Subscription] | Seen[Order]]] = [
        sides.agreements or sides.deals,
        sides.quotes,
        sides.subscriptions,
        sides.erp_orders,
    ]
    return row("Status", [_shown(f"{d.doc.status}" for d in group) for group in groups])


def _date(value: date | None, note: str = "") -> Said:
    return Said(value, wording.day(value), note=note)


def _whole(sides: Sides, executed: bool) -> list[Quote]:
    quotes = [q for t in sides.terms for q in (t.executed if executed else t.quotes)]
    return [q for q in quotes if q.change is not Change.AMENDMENT]


def _starts(sides: Sides) -> Row:
    crm = min((a.doc.start for a in sides.agreements if a.doc.start), default=None)
    cpq = min((q.span.start for q in _whole(sides, executed=True) if q.span.start), default=None)
    billing = min((s.doc.start for s in sides.subscriptions if s.doc.start), default=None)
    erp = min((c.span.start for c in _elements(sides) if c.span.start), default=None)
    return row("Start", [_date(crm), _date(cpq), _date(billing), Said(None, wording.day(erp), compared=False, note="first service")])


def _last(span_untils: Iterable[date | None]) -> date | None:
    return max((u for u in span_untils if u), default=None)


def _ends(sides: Sides) -> Row:
    """Last days. A renewal that is agreed but has not begun moves the CRM's end ahead of the others: no contradiction."""
    executed = _last(q.span.until for q in _whole(sides, executed=True))
    agreed = _last(q.span.until for q in _whole(sides, executed=False))
    crm = _last(a.doc.until for a in sides.agreements)
    billing = _last(s.doc.cancelled_on or s.doc.term.until for s in sides.subscriptions)
    erp = _last(c.span.until for c in _elements(sides))
    ends = [Said(executed if crm == agreed else crm, _end(crm)), Said(executed, _end(executed)), Said(billing, _end(billing))]
    return row("Last day", [*ends, Said(None, _end(erp), compared=False, note="last service")])


def _end(until: date | None) -> str:
    return wording.last_day(Span(None, until))


def _currencies(sides: Sides) -> Row:
    said = []
    crm = [*(d.doc.currency for d in sides.deals), *(a.doc.currency for a in sides.agreements)]
    billed = [s.doc.currency for s in sides.subscriptions]
    for group in (crm, [q.doc.currency for q in sides.quotes], billed, [c.currency for c in _elements(sides)]):
        stated = sorted({c for c in group if c})
        said.append(Said(tuple(stated), ", ".join(stated)) if stated else SILENT)
    return row("Currency", said)


def _elements(sides: Sides) -> list[Cover]:
    """The revenue elements of what was sold: credits and usage left out."""
    usage = {p for t in sides.terms for p in t.products(Charge.USAGE)}
    span = Span(min((t.subscription.start or date.max for t in sides.terms), default=date.max), None)
    start = min([span.start or date.max, *(q.span.start or date.max for t in sides.terms for q in t.quotes)])
    if start == date.max:
        return []
    until = _last([*(q.span.until for t in sides.terms for q in t.quotes), *(t.subscription.term.until for t in sides.terms)])
    found = sides.case.within(Span(start, until), "revenue")
    return [c for c in found if c.product not in usage and not (c.source and c.source.kind is Kind.CREDIT)]


def _totals(sides: Sides) -> Row:
    """Net of tax, usage left out. The ERP recognises what it was told so far: shown, not compared."""
    currency = sides.currency
    executed = {q.opportunity for t in sides.terms for q in t.executed}
    deals = [d.doc.amount for d in sides.deals if d.ref in executed and d.doc.amount is not None]
    sold = [t.sold_total() for t in sides.terms if t.quotes]
    billed = [t.billed_total() for t in sides.terms if t.quotes and t.subscription.number]
    cells = [_sum(values, currency) for values in (deals, sold, billed)]
    revenue = [c.net for c in _elements(sides)]
    erp = Said(None, _sum(revenue, currency).text, compared=False, note="revenue elements")
    lines = sum(len(q.lines) for t in sides.terms for q in t.executed)
    tolerance = minor_unit(currency or "") * sides.case.policy.amount_tolerance_units * max(lines, 1)
    return row("Total, net, without usage", [*cells, erp], within(tolerance))


def _sum(values: Sequence[Decimal | None], currency: str | None) -> Said:
    known = [v for v in values if v is not None]
    if not known or len(known) < len(values):
        return SILENT
    return Said(sum(known, ZERO), wording.amount(sum(known, ZERO), currency))


def _products(sides: Sides, terms: Terms) -> Iterator[Row]:
    several = f" · {terms.subscription.number}" if len(sides.terms) > 1 and terms.subscription.number else ""
    for product in terms.products(Charge.RECURRING):
        for segment in terms.segments(product)[-SEGMENTS_MAX:]:
            if segment.sold is not None or segment.billed is not None:
                yield from _lines(sides, terms, product, segment.span, f"{product}{several}, {wording.period(segment.span)}")
    for product in terms.products(Charge.ONE_TIME):
        yield from _once(sides, terms, product, f"{product}{several}, one-time")
    for product in terms.products(Charge.USAGE):
        yield from _usage(terms, product, f"{product}{several}, usage")


def _lines(sides: Sides, terms: Terms, product: str, span: Span, label: str) -> Iterator[Row]:
    """Quantity and yearly unit price on the first day of a stretch of constant terms."""
    assert span.start is not None
    day, currency = span.start, sides.currency
    ordered = [x for o in sides.orders for x in o.doc.lines if x.product == product and _holds(o.doc, x, day)]
    sold, billed = terms.sold_lines(product, day), terms.billed_lines(product, day)
    booked = [c for c in sides.case.within(Span(day, day + DAY), "erp") if c.product == product and c.net >= 0]
    quantities = [_total(x.quantity for x in lines) for lines in (ordered, sold, billed, booked)]
    said = [Said(q, wording.number(q)) for q in quantities]
    yield row(f"{label}: quantity", said, within(sides.case.policy.quantity_tolerance))
    # an order states a price without its months, an ERP invoice a prorated one: shown as they are
    shown = [Said(None, _one({x.unit_price for x in lines}, currency), compared=False) for lines in (ordered, booked)]
    yearly = [Said(p, wording.price(p, currency)) for p in (_annual(sold), _annual(billed))]
    yield row(f"{label}: unit price a year", [shown[0], *yearly, shown[1]])


def _holds(order: Order, line: Line, day: date) -> bool:
    return Span(line.span.start or order.span.start, line.span.until or order.span.until).holds(day)


def _total(quantities: Iterable[Decimal | None]) -> Decimal | None:
    known = [q for q in quantities if q is not None]
    return sum(known, ZERO) if known else None


def _one(prices: set[Decimal | None], currency: str | None) -> str:
    known = sorted(p for p in prices if p is not None)
    return " and ".join(wording.price(p, currency) for p in known) or wording.NOTHING


def _annual(lines: Sequence[Line]) -> Fraction | None:
    """The one price of a unit for a year; several have no one price."""
    prices = {annual(x) for x in lines if x.quantity}
    return next(iter(prices)) if len(prices) == 1 else None


def _once(sides: Sides, terms: Terms, product: str, label: str) -> Iterator[Row]:
    currency = sides.currency
    ordered = [x for o in sides.orders for x in o.doc.lines if x.product == product]
    sold = [x for q in terms.executed for x in q.lines if x.product == product]
    billed = [x for x in terms.subscription.lines if x.product == product]
    start = terms.subscription.start or next((q.span.start for q in terms.executed if q.span.start), None)
    booked = [c for c in sides.case.within(Span(start, None), "erp") if c.product == product and c.net >= 0] if start else []
    groups = (ordered, sold, billed, booked)
    said = [Said(q, wording.number(q)) for q in (_total(x.quantity for x in lines) for lines in groups)]
    yield row(f"{label}: quantity", said, within(sides.case.policy.quantity_tolerance))
    nets = [_total(x.net for x in lines) for lines in groups]
    yield row(f"{label}: net", [Said(n, wording.amount(n, currency)) for n in nets], exactly)


def _usage(terms: Terms, product: str, label: str) -> Iterator[Row]:
    """What is compared of usage: the units that cost nothing extra, and the price of one above them."""
    sold = [x for q in terms.executed for x in q.lines if x.product == product][-1:]
    billed = [x for x in terms.subscription.lines if x.product == product][-1:]
    included = [Said(x.included, wording.number(x.included)) for x in (*sold, *billed)]
    overage = [Said(x.overage_price, wording.price(x.overage_price, None)) for x in (*sold, *billed)]
    for name, said in (("included units", included), ("price of one more", overage)):
        pair = [said[0] if sold else SILENT, said[-1] if billed else SILENT]
        yield row(f"{label}: {name}", [SILENT, *pair, SILENT])
