"""What the company bills and what it recognises: invoices with their lines, obligations with their monthly rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from agents.simulator.company import CALL_PRICE, CALLS, CENT, ONBOARDING, ONBOARDING_LIST, SEATS, Deal, at
from models.calendar import DAY, Span, add_months, month_end, months_in
from models.money import allocate, over_time, rounded

TAX_RATE = Decimal("0.19")
REISSUED = 900  # the rank of an invoice that takes another's place


def tax_of(net: Decimal) -> Decimal:
    """German VAT on one line, half up."""
    return rounded(net * TAX_RATE, "EUR").quantize(CENT)


@dataclass(frozen=True)
class Item:
    """One line of an invoice; `last` is the last day of service."""

    product: str
    quantity: int
    price: Decimal
    net: Decimal
    first: date
    last: date

    @property
    def tax(self) -> Decimal:
        return tax_of(self.net)


@dataclass(frozen=True)
class Bill:
    """One invoice; `rank` numbers it within its contract, `role` is first, recurring, usage, upgrade or renewal."""

    deal: Deal
    rank: int
    role: str
    dated: date
    posted_at: datetime
    items: tuple[Item, ...]

    @property
    def number(self) -> str:
        return f"INV{(10_000 + self.deal.index) * 1000 + self.rank:08d}"

    @property
    def payment(self) -> str:
        return f"P-{(10_000 + self.deal.index) * 1000 + self.rank:08d}"

    @property
    def erp_id(self) -> str:
        return str((60_000 + self.deal.index) * 1000 + self.rank)

    @property
    def net(self) -> Decimal:
        return sum((item.net for item in self.items), Decimal("0.00"))

    @property
    def tax(self) -> Decimal:
        return sum((item.tax for item in self.items), Decimal("0.00"))

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


@dataclass(frozen=True)
class Obligation:
    """One promise and how the ERP spreads it; `rows` are (month, amount) and sum to `allocated`."""

    deal: Deal
    rank: int
    product: str
    source_type: str
    source: str
    price: Decimal
    fair: Decimal
    allocated: Decimal
    first: date
    last: date
    created_at: datetime

    @property
    def erp_id(self) -> str:
        return str((10_000 + self.deal.index) * 10_000 + self.rank)

    @property
    def rows(self) -> list[tuple[str, Decimal]]:
        span = Span(self.first, self.last + DAY)
        months = list(months_in(span))
        parts = [Span(date(int(m[:4]), int(m[5:]), 1), month_end(m)).overlap(span) for m in months]
        amounts = over_time(self.allocated, [part.days() for part in parts if part], self.deal.currency_billed)
        return [(month, amount.quantize(CENT)) for month, amount in zip(months, amounts, strict=True)]


def seats_item(deal: Deal, quantity: int, price: Decimal, first: date) -> Item:
    """Seats for one billing period, a month or a year, from `first`."""
    unit = (price / 12).quantize(CENT) if deal.monthly else price
    last = add_months(first, 1 if deal.monthly else 12) - DAY
    return Item(SEATS, quantity, unit, unit * quantity, first, last)


def bills(deal: Deal) -> list[Bill]:
    """Every live invoice of the contract's life, by date."""
    made, voided = _issued(deal), voided_bill(deal)
    return [replace(bill, rank=REISSUED, posted_at=bill.posted_at + timedelta(hours=1)) if bill == voided else bill for bill in made]


def voided_bill(deal: Deal) -> Bill | None:
    """The usage invoice that is cancelled and issued again with a new number, where there is one."""
    return next((bill for bill in _issued(deal) if bill.role == "usage"), None) if deal.reissued else None


def _issued(deal: Deal) -> list[Bill]:
    drafts = [*_first_term(deal), *_usage(deal), *_upgrade(deal), *_renewal(deal)]
    drafts.sort(key=lambda draft: (draft[1], draft[0]))
    return [Bill(deal, rank, role, posted.date(), posted, items) for rank, (role, posted, items) in enumerate(drafts)]


Draft = tuple[str, datetime, tuple[Item, ...]]


def _first_term(deal: Deal) -> Iterator[Draft]:
    for month in range(12 if deal.monthly else 1):
        day = add_months(deal.start, month)
        items = [seats_item(deal, deal.seats_billed, deal.price_billed, day)]
        if not month and deal.onboarding:
            items.append(Item(ONBOARDING, 1, deal.onboarding, deal.onboarding, day, day))
        yield "recurring" if month else "first", at(day, 4, 10), tuple(items)


def _usage(deal: Deal) -> Iterator[Draft]:
    for month, calls in deal.overages:
        first, until = add_months(deal.start, month), add_months(deal.start, month + 1)
        net = (calls * CALL_PRICE).quantize(CENT)
        yield "usage", at(until, 4, 40), (Item(CALLS, calls, CALL_PRICE, net, first, until - DAY),)


def _upgrade(deal: Deal) -> Iterator[Draft]:
    if deal.amendment and "amendment" not in deal.unbilled:
        added = deal.amendment
        item = Item(SEATS, added.seats, deal.price, deal.amendment_net, added.effective, deal.until - DAY)
        yield "upgrade", at(added.effective, 4, 10), (item,)


def _renewal(deal: Deal) -> Iterator[Draft]:
    if deal.ending != "renew" or "renewal" in deal.unbilled:
        return
    for month in range(12 if deal.monthly else 1):
        day = add_months(deal.until, month, deal.start.day)
        yield "renewal", at(day, 4, 10), (seats_item(deal, deal.seats_renewed, deal.renewal_price, day),)


def delivered_on(deal: Deal) -> date:
    """The day the onboarding is done: within the month of the start."""
    return min(deal.start + timedelta(days=13), month_end(f"{deal.start:%Y-%m}") - DAY)


def obligations(deal: Deal) -> list[Obligation]:
    """What the ERP recognises, in the order in which it learns of it; the credit is one of its own."""
    made = [*_sold(deal), *(_billed(bill) for bill in bills(deal) if bill.role in ("usage", "upgrade")), *_renewed(deal), *_credited(deal)]
    return [Obligation(deal, rank, *facts) for rank, facts in enumerate(made)]


Facts = tuple[str, str, str, Decimal, Decimal, Decimal, date, date, datetime]


def _sold(deal: Deal) -> Iterator[Facts]:
    """The committed part of the sale, split by stand-alone selling prices."""
    seats, order, made = deal.seats_billed * deal.price_billed, deal.order_number("sale"), at(deal.start, 6, 3)
    total, last = deal.total(deal.seats_billed, deal.price_billed), deal.until - DAY
    if not deal.onboarding:
        yield SEATS, "Sales Order Line", order, seats, seats, seats, deal.start, last, made
        return
    for_seats, once = (a.quantize(CENT) for a in allocate(total, [seats, ONBOARDING_LIST], deal.currency_billed))
    yield SEATS, "Sales Order Line", order, seats, seats, for_seats, deal.start, last, made
    day = delivered_on(deal)
    yield ONBOARDING, "Sales Order Line", order, deal.onboarding, ONBOARDING_LIST, once, day, day, made


def _billed(bill: Bill) -> Facts:
    item, net = bill.items[0], bill.net
    return item.product, "Invoice Line", bill.number, net, net, net, item.first, item.last, at(bill.dated, 7, 3)


def _renewed(deal: Deal) -> Iterator[Facts]:
    """A renewal is a contract of its own: of its invoice, or of its sales order where it is billed by month."""
    if deal.ending != "renew" or "renewal" in deal.unbilled:
        return
    net, last = deal.seats_renewed * deal.renewal_price, add_months(deal.until, 12, deal.start.day) - DAY
    if deal.monthly:
        yield SEATS, "Sales Order Line", deal.order_number("renewal"), net, net, net, deal.until, last, at(deal.until, 6, 3)
        return
    bill = next(bill for bill in bills(deal) if bill.role == "renewal")
    yield SEATS, "Invoice Line", bill.number, net, net, net, deal.until, last, at(deal.until, 7, 3)


def _credited(deal: Deal) -> Iterator[Facts]:
    if deal.credit:
        net, day = -deal.credit.net, deal.credit.on
        yield SEATS, "Credit Memo Line", credit_number(deal), net, net, net, day, day, at(day, 15, 3)


def credit_number(deal: Deal) -> str:
    return f"CM{10_000 + deal.index:08d}"


def refund_number(deal: Deal) -> str:
    return f"R-{10_000 + deal.index:08d}"
