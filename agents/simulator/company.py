"""The simulated company: its customers, what it sold to each, on which terms, and how each deal will end."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

from agents.simulator.identifiers import digest, salesforce_id
from models.calendar import DAY, Span, add_months, days_of_year
from models.money import rounded

SEATS, ONBOARDING, CALLS = "SIM-SEAT", "SIM-ONB", "SIM-API"
INCLUDED_CALLS = 100_000
CALL_PRICE = Decimal("0.0125")
ONBOARDING_LIST = Decimal("3000.00")
CENT = Decimal("0.01")
# Prices of a seat and year: divisible by 12, with and without the uplift of a renewal, so that a month is exact too.
PRICES = ("120.00", "180.00", "240.00", "300.00", "360.00", "480.00")
UPLIFT = Decimal("1.05")
CONTRACTS_MAX = 4000

_FIRST = [
    "Alder",
    "Birch",
    "Cobalt",
    "Dorn",
    "Elbe",
    "Falk",
    "Granit",
    "Hasel",
    "Isen",
    "Jura",
    "Kamm",
    "Linden",
    "Mohn",
    "Nord",
    "Ost",
    "Pappel",
    "Quell",
    "Rauten",
    "Stein",
    "Tannen",
]
_SECOND = [
    "berg",
    "brook",
    "dorf",
    "feld",
    "furt",
    "hafen",
    "haus",
    "hof",
    "kamp",
    "mark",
    "moor",
    "rain",
    "ried",
    "see",
    "stedt",
    "tal",
    "thal",
    "wald",
    "werk",
    "wiesen",
]
_TRADE = ["Analytik", "Antriebe", "Chemie", "Druck", "Energie", "Feinmechanik", "Handel", "Logistik", "Optik", "Technik"]
_CITIES = (("Hamburg", "20457"), ("Berlin", "10115"), ("Leipzig", "04109"), ("Mainz", "55116"), ("Bremen", "28195"))


@dataclass(frozen=True)
class Amendment:
    """More seats from a day in the first term, to its end, at the price of the sale."""

    seats: int
    effective: date
    accepted_at: datetime


@dataclass(frozen=True)
class Credit:
    """A service credit for the whole month before `on`, refunded the next day; `net` is positive."""

    on: date
    net: Decimal


@dataclass(frozen=True)
class Deal:
    """One contract: what was sold, what happens to it later, and what billing was told where that differs (a fault)."""

    seed: int
    index: int
    customer: str
    city: str
    postal_code: str
    currency: str
    quantity: int
    price: Decimal
    start: date
    signed_at: datetime
    monthly: bool
    onboarding: Decimal | None
    metered: bool
    overages: tuple[tuple[int, int], ...]
    amendment: Amendment | None
    credit: Credit | None
    ending: str  # renew, cancel or lapse
    renewal_price: Decimal
    renewal_at: datetime
    reissued: bool = False  # the first usage invoice is cancelled within the hour and issued again
    billed_quantity: int | None = None
    billed_price: Decimal | None = None
    billed_currency: str | None = None
    term_shift_days: int = 0
    unbilled: frozenset[str] = frozenset()  # amendment, renewal: what never reaches billing

    def key(self, *parts: object) -> str:
        """A digest of the contract and `parts`."""
        return digest(self.seed, self.index, *parts)

    def crm(self, prefix: str, *parts: object) -> str:
        """A Salesforce id of this contract."""
        return salesforce_id(prefix, self.seed, self.index, *parts)

    @property
    def contract_number(self) -> str:
        return f"{10_000 + self.index:08d}"

    @property
    def subscription(self) -> str:
        return f"A-S{10_000 + self.index:08d}"

    @property
    def account(self) -> str:
        return f"A{10_000 + self.index:08d}"

    @property
    def customer_id(self) -> str:
        return str(20_000 + self.index)

    def quote_number(self, deal: str) -> str:
        return f"Q-{100_000 + self.index * 10 + ('sale', 'amendment', 'renewal').index(deal)}"

    def order_number(self, deal: str) -> str:
        return f"O-{100_000 + self.index * 10 + ('sale', 'amendment', 'renewal', 'cancellation').index(deal):08d}"

    @property
    def until(self) -> date:
        """The first day after the first term."""
        return add_months(self.start, 12)

    @property
    def seats_billed(self) -> int:
        return self.quantity if self.billed_quantity is None else self.billed_quantity

    @property
    def price_billed(self) -> Decimal:
        return self.price if self.billed_price is None else self.billed_price

    @property
    def currency_billed(self) -> str:
        return self.billed_currency or self.currency

    @property
    def seats_renewed(self) -> int:
        return self.quantity + (self.amendment.seats if self.amendment else 0)

    @property
    def amendment_net(self) -> Decimal:
        """Seats x price x days left / days of the year, half up."""
        assert self.amendment
        return by_days(self.price * self.amendment.seats, Span(self.amendment.effective, self.until), self)

    def total(self, quantity: int, price: Decimal) -> Decimal:
        """What a whole new term costs, onboarding included."""
        return quantity * price + (self.onboarding or 0)


def by_days(yearly: Decimal, span: Span, deal: Deal) -> Decimal:
    """A year's price for part of the first term, by day."""
    year = days_of_year(Span(deal.start, deal.until))
    return rounded(Fraction(yearly) * span.days() / year, deal.currency).quantize(CENT)


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """An instant in UTC."""
    return datetime.combine(day, time(hour, minute, second), UTC)


def deals(chance: random.Random, seed: int, contracts: int, start: date, months: int) -> list[Deal]:
    """What the company sells within `months` from `start`; raises ValueError for more contracts than it has names."""
    if not 0 <= contracts <= CONTRACTS_MAX:
        raise ValueError(f"between 0 and {CONTRACTS_MAX} contracts")
    if months < 4:
        raise ValueError("a history of less than four months holds no contract's life")
    names = chance.sample(range(CONTRACTS_MAX), contracts)
    days = (add_months(start, months) - start).days
    return [_deal(chance, seed, index, names[index], start + DAY * chance.randint(60, days - 50)) for index in range(contracts)]


def _name(rank: int) -> str:
    rank, trade = divmod(rank, len(_TRADE))
    first, second = divmod(rank, len(_SECOND))
    return f"{_FIRST[first]}{_SECOND[second]} {_TRADE[trade]} GmbH"


def _deal(chance: random.Random, seed: int, index: int, name: int, wanted: date) -> Deal:
    monthly, metered = chance.random() < 0.4, chance.random() < 0.45
    # Usage is billed by calendar month, so a metered term begins with one; the 29th to 31st would clamp bill dates.
    begin = wanted.replace(day=1 if metered else min(wanted.day, 28))
    price, quantity = Decimal(chance.choice(PRICES)), chance.randint(8, 120)
    city, postal_code = chance.choice(_CITIES)
    signed = at(begin - DAY * chance.randint(5, 12), 9, chance.randint(0, 29), chance.randint(0, 59))
    until = add_months(begin, 12)
    return Deal(
        seed=seed,
        index=index,
        customer=_name(name),
        city=city,
        postal_code=postal_code,
        currency="USD" if chance.random() < 0.25 else "EUR",
        quantity=quantity,
        price=price,
        start=begin,
        signed_at=signed,
        monthly=monthly,
        onboarding=Decimal(chance.choice(["1500.00", "2000.00", "2500.00"])) if chance.random() < 0.4 else None,
        metered=metered,
        overages=_overages(chance) if metered else (),
        amendment=_amendment(chance, begin) if not monthly and chance.random() < 0.4 else None,
        credit=_credit(chance, begin) if not monthly and chance.random() < 0.35 else None,
        ending="renew" if chance.random() < 0.75 else "cancel",
        renewal_price=(price * UPLIFT).quantize(CENT) if chance.random() < 0.6 else price,
        renewal_at=at(until - DAY * chance.randint(12, 18), 10, chance.randint(0, 10)),
        reissued=chance.random() < 0.3,
    )


def _overages(chance: random.Random) -> tuple[tuple[int, int], ...]:
    """(month of the term, calls above the included ones), never the first and the last month; whole cents by 80s."""
    chosen = sorted(chance.sample(range(1, 11), chance.randint(1, 3)))
    return tuple((month, 80 * chance.randint(20, 600)) for month in chosen)


def _amendment(chance: random.Random, begin: date) -> Amendment | None:
    effective = begin + DAY * chance.randint(60, 280)
    # With a leap day the vendors disagree about the days of the year; the simulated company sells no add-on there.
    if days_of_year(Span(begin)) != 365 or days_of_year(Span(effective)) != 365:
        return None
    accepted = at(effective - DAY * 5, 13, chance.randint(15, 25))
    return Amendment(chance.randint(2, 30), effective, accepted)


def _credit(chance: random.Random, begin: date) -> Credit:
    month = add_months(begin.replace(day=1), chance.randint(3, 10))
    return Credit(month + timedelta(days=chance.randint(7, 19)), Decimal(50 * chance.randint(2, 8)).quantize(CENT))
