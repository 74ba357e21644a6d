"""A contract of any age: one subscription, so many charges billed a month, each bill with its ledger copy and its cash."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
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
        drain(desk, list(route(statement)))
    return desk.outputs


def tick(records: Records, known: Facts, at: datetime) -> list[Output]:
    """Let the clock reach a time."""
    desk = Desk(records, known)
    drain(desk, [(None, Tick(at))])
    return desk.outputs


def drain(desk: Desk, entries: list[tuple[Ref | None, Entry]] | list[tuple[Ref, Entry]]) -> None:
    """Fold entries and what they send onward until nothing is under way."""
    waiting: deque[tuple[Ref | None, Entry]] = deque(entries)
    while waiting:
        desk.onward = []
        correlation.fold(desk, *waiting.popleft())
        waiting.extend(desk.onward)


OPPORTUNITY, AGREEMENT = ref(Kind.OPPORTUNITY, "006"), ref(Kind.CONTRACT, "800")
QUOTE, SUBSCRIPTION = ref(Kind.QUOTE, "Q-1"), ref(Kind.SUBSCRIPTION, "S-1")


def instant(day: date, hour: int = 6) -> datetime:
    """An hour of a day."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def sale(charges: int = CHARGES) -> list[Statement]:
    """The deal, the quote, the CRM contract and the subscription; sold and set up without an end."""
    sold = instant(FIRST_DAY - timedelta(days=5))
    lines = tuple(
        Line(f"C{n}", f"P{n}", quantity=Decimal(1), unit_price=PRICE, price_months=1, billing_months=1, span=Span(FIRST_DAY, None))
        for n in range(charges)
    )
    quote = Quote(Status.ACCEPTED, "Q-1", Change.NEW, span=Span(FIRST_DAY, None), currency="EUR", lines=lines)
    return [
        say("salesforce", OPPORTUNITY, Opportunity(Status.WON, currency="EUR", name="A long contract"), sold),
        say("cpq", QUOTE, quote, sold, OPPORTUNITY),
        say("salesforce", AGREEMENT, Agreement(Status.ACTIVE, "1", FIRST_DAY, currency="EUR"), sold, OPPORTUNITY),
        subscription(1, sold, lines),
    ]


def subscription(version: int, at: datetime, lines: tuple[Line, ...]) -> Statement:
    """The subscription in one of its versions."""
    document = Subscription(
        Status.ACTIVE, "S-1", version, FIRST_DAY, Span(FIRST_DAY, None), currency="EUR", lines=lines, quote_number="Q-1"
    )
    return say("zuora", SUBSCRIPTION, document, at, AGREEMENT, version=version)


def bill(number: int, charges: int = CHARGES, ordered: bool = False) -> list[Statement]:
    """The six documents of the bill with this number; `ordered`: the element was made from the subscription."""
    month, charge = divmod(number, charges)
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


def bills(documents: int, charges: int = CHARGES, ordered: bool = False) -> Iterator[Statement]:
    """The bills that together with the sale make so many documents (or up to a family more)."""
    for number in range(max(1, -(-(documents - 4) // FAMILY))):
        yield from bill(number, charges, ordered)
