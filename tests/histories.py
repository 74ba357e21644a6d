"""A contract of any age: one subscription, so many charges billed a month, each bill with its ledger copy and its cash."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from models import correlation
from models.calendar import Span, add_months, month_of
from models.desk import Desk, Facts
from models.documents import (
    Agreement,
    Application,
    Change,
    Document,
    Invoice,
    Line,
    Opportunity,
    Payment,
    Quote,
    RevenueElement,
    RevenuePlan,
    Row,
    Status,
    Subscription,
)
from models.log import Entry, Tick, route
from models.organisation import Organisation
from models.outputs import Output
from models.policy import default
from models.records import Records
from models.references import Kind, Ref
from models.statements import Statement

ORG = "o"
SYSTEMS = {"crm": "salesforce", "cpq": "cpq", "billing": "zuora", "erp": "netsuite"}
FIRST_DAY = date(2000, 1, 1)
FAMILY = 6  # documents that one bill brings along
CHARGES = 4
PRICE = Decimal("100.00")


def facts(*organisations: str) -> Facts:
    """Organisations whose products are recognised over their service, with the policy that ships."""
    names = organisations or (ORG,)
    patterns = {f"P{number}": "ratable" for number in range(CHARGES)}
    return Facts({name: Organisation(name, SYSTEMS, currency="EUR", patterns=patterns) for name in names}, default())


def ref(kind: Kind, native: str) -> Ref:
    """A reference in the organisation of these histories."""
    return Ref(ORG, kind, native)


def say(
    system: str, own: Ref, document: Document, at: datetime, *parents: Ref, version: int = 1, claims: tuple[Ref, ...] = ()
) -> Statement:
    """A complete statement, received when it was made."""
    return Statement(
        f"{system}:{own}:{version}", system, own, (version,), document, parents=parents, claims=claims, at=at, seen_at=at, read_at=at
    )


def fold(records: Records, known: Facts, *statements: Statement) -> list[Output]:
    """Fold statements with all their hops, first in first out; the outputs."""
    desk = Desk(records, known)
    for statement in statements:
        drain(desk, route(statement))
    return desk.outputs


def tick(records: Records, known: Facts, at: datetime) -> list[Output]:
    """Let the clock reach a time."""
    desk = Desk(records, known)
    drain(desk, [(None, Tick(at))])
    return desk.outputs


def drain(desk: Desk, entries: Iterable[tuple[Ref | None, Entry]]) -> None:
    """Fold entries and what they send onward until nothing is under way."""
    waiting: deque[tuple[Ref | None, Entry]] = deque(entries)
    while waiting:
        desk.onward = []
        correlation.fold(desk, *waiting.popleft())
        waiting.extend(desk.onward)


OPPORTUNITY, AGREEMENT = ref(Kind.OPPORTUNITY, "006"), ref(Kind.CONTRACT, "800")
SUBSCRIPTION = ref(Kind.SUBSCRIPTION, "S-1")


def instant(day: date, hour: int = 6) -> datetime:
    """An hour of a day."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def sale() -> list[Statement]:
    """The deal, the quote, the CRM contract and the subscription of the first year."""
    sold = instant(FIRST_DAY - timedelta(days=5))
    return [
        say("salesforce", OPPORTUNITY, Opportunity(Status.WON, currency="EUR", name="A long contract"), sold),
        quote(0),
        say("salesforce", AGREEMENT, Agreement(Status.ACTIVE, "1", FIRST_DAY, currency="EUR"), sold, OPPORTUNITY),
        subscription(0),
    ]


def renewal(year: int) -> list[Statement]:
    """What makes another year: a quote, and a new version of the subscription with a segment more of each charge."""
    return [quote(year), subscription(year)]


def _year(year: int) -> Span:
    first = FIRST_DAY.replace(year=FIRST_DAY.year + year)
    return Span(first, first.replace(year=first.year + 1))


def _lines(year: int) -> tuple[Line, ...]:
    one = Decimal(1)
    return tuple(
        Line(f"C{n}", f"P{n}", quantity=one, unit_price=PRICE, price_months=1, net=12 * PRICE, billing_months=1, span=_year(year))
        for n in range(CHARGES)
    )


def quote(year: int) -> Statement:
    """What was sold for a year, five days ahead."""
    change, number, span = Change.RENEWAL if year else Change.NEW, f"Q-{year}", _year(year)
    assert span.start is not None
    deal = None if year else OPPORTUNITY
    document = Quote(Status.ACCEPTED, number, change, span=span, currency="EUR", lines=_lines(year), opportunity=deal)
    return say("cpq", ref(Kind.QUOTE, number), document, instant(span.start - timedelta(days=5)), AGREEMENT if year else OPPORTUNITY)


def subscription(year: int) -> Statement:
    """The subscription as it stands in a year, with the segments of all years before."""
    span = _year(year)
    assert span.start is not None
    lines = tuple(line for y in range(year + 1) for line in _lines(y))
    document = Subscription(Status.ACTIVE, "S-1", year + 1, FIRST_DAY, span, currency="EUR", lines=lines, quote_number="Q-0")
    at = instant(span.start - timedelta(days=5), 7)
    return say("zuora", SUBSCRIPTION, document, at, AGREEMENT, version=year + 1)


def bill(number: int, ordered: bool = False) -> list[Statement]:
    """The six documents of the bill with this number; `ordered`: the element was made from the subscription."""
    month, charge = divmod(number, CHARGES)
    day = add_months(FIRST_DAY, month)
    name, product, at = f"{number:06d}", f"P{charge}", instant(day)
    span = Span(day, add_months(day, 1))
    line = Line("1", product, quantity=Decimal(1), unit_price=PRICE, net=PRICE, tax=Decimal(0), span=span, subscription="S-1")
    invoice, booked = ref(Kind.INVOICE, f"INV{name}"), ref(Kind.ERP_INVOICE, f"E{name}")
    payment, cash = ref(Kind.PAYMENT, f"PAY{name}"), ref(Kind.ERP_PAYMENT, f"C{name}")
    element, plan = ref(Kind.REVENUE_ELEMENT, f"R{name}"), ref(Kind.REVENUE_PLAN, f"L{name}")
    doc = Invoice(Status.POSTED, invoice.id, day, day, day, "EUR", PRICE, Decimal(0), PRICE, PRICE, (line,))
    copy = Invoice(Status.POSTED, booked.id, day, day, day, "EUR", PRICE, Decimal(0), PRICE, PRICE, (line,), counterpart=invoice)
    paid = Payment(Status.SETTLED, payment.id, day, at, "EUR", PRICE, PRICE, Decimal(0), (Application(invoice, PRICE),))
    received = Payment(Status.SETTLED, cash.id, day, at, "EUR", PRICE, PRICE, Decimal(0), (Application(booked, PRICE),), payment)
    source = SUBSCRIPTION if ordered else invoice
    obligation = RevenueElement(
        Status.ACTIVE, product, currency="EUR", price=PRICE, allocated=PRICE, span=span, convention="month", source=source
    )
    rows = (Row(month_of(day), PRICE, True),)
    schedule = RevenuePlan(Status.ACTIVE, element, plan.id, "EUR", PRICE, rows)
    hours = [at + timedelta(minutes=30 * step) for step in range(FAMILY)]
    return [
        say("zuora", invoice, doc, hours[0], SUBSCRIPTION),
        say("netsuite", booked, copy, hours[1], invoice, claims=(SUBSCRIPTION, OPPORTUNITY)),
        say("netsuite", element, obligation, hours[2], SUBSCRIPTION, claims=(invoice,)),
        say("netsuite", plan, schedule, hours[3], element),
        say("zuora", payment, paid, hours[4], invoice),
        say("netsuite", cash, received, hours[5], payment, claims=(booked, SUBSCRIPTION)),
    ]


def life(documents: int, ordered: bool = False) -> Iterator[Statement]:
    """A contract of so many documents (or up to a family more) in the order in which it comes about, renewed each year."""
    yield from sale()
    for number in range(bills(documents)):
        if number and number % (12 * CHARGES) == 0:
            yield from renewal(number // (12 * CHARGES))
        yield from bill(number, ordered)


def bills(documents: int) -> int:
    """How many bills a contract of so many documents has."""
    return max(1, documents // FAMILY)
