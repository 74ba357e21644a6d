"""How amounts, times, quantities and states are written for people: exact, with currency and zone, never a bare colour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from models.calendar import DAY, Span
from models.money import Money, exponent

PRICE_DECIMALS = 6
NOTHING = "—"
ABBREVIATIONS = frozenset({"crm", "cpq", "erp"})


def amount(value: Decimal | None, currency: str | None) -> str:
    """An amount with thousands separators and at least the currency's minor digits; a dash for none."""
    if value is None:
        return NOTHING
    places = value.as_tuple().exponent
    digits = max(exponent(currency or ""), -places if isinstance(places, int) else 0)
    return f"{value:,.{digits}f}"


def money(value: Money | None) -> str:
    """An amount with its currency; a dash for none."""
    return f"{amount(value.amount, value.currency)} {value.currency}" if value else NOTHING


def number(value: Decimal | None) -> str:
    """A quantity without trailing zeros; a dash for none."""
    return NOTHING if value is None else f"{value.normalize():,f}"


def price(value: Fraction | Decimal | None, currency: str | None) -> str:
    """A unit price to at most six decimals; a dash for none."""
    if value is None:
        return NOTHING
    exact = Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else value
    short = exact.quantize(Decimal(1).scaleb(-PRICE_DECIMALS)).normalize()
    return amount(short if short else Decimal(0), currency)


def day(value: date | None) -> str:
    """A day as ISO writes it; a dash for none."""
    return value.isoformat() if value else NOTHING


def last_day(span: Span) -> str:
    """The last day inside a half-open period; a dash where it is open."""
    return day(span.until - DAY if span.until else None)


def period(span: Span) -> str:
    """First to last day of a half-open period."""
    return f"{day(span.start)} to {last_day(span)}"


def instant(value: datetime | None) -> str:
    """A time in UTC, to the minute; a dash for none."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if value and value.year > 1 else NOTHING


def duration(value: timedelta) -> str:
    """How long, in the largest unit that fits: 3 days, 5 hours, 12 minutes."""
    seconds = max(int(value.total_seconds()), 0)
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return plural(seconds // size, unit)
    return "less than a minute"


def plural(count: int, noun: str) -> str:
    """A count with its noun: 1 contract, 2 contracts."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(words: list[str]) -> str:
    """Words as a sentence lists them: a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def waiting(due: datetime | None, now: datetime, awaits: str | None) -> str:
    """What a reader is told of something that has not alerted."""
    if due is None:
        return "waiting, no deadline yet"
    if due > now:
        return f"waiting, not late until {instant(due)}"
    return f"waiting: the deadline {instant(due)} has passed, and {awaits or 'a source'} has not been heard up to it"


def code(value: str) -> str:
    """A rule's code as words: invoice_not_in_erp is "invoice not in ERP"."""
    return " ".join(word.upper() if word in ABBREVIATIONS else word for word in value.split("_"))


def short_hash(value: str) -> str:
    """The beginning of a hash, enough to compare by eye."""
    return value[:12]
