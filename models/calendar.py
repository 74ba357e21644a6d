"""Days, months and business days: half-open periods, month ends, day counts, and when a day is over somewhere."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Container, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

DAY = timedelta(days=1)
# Years at which sources write "no date" or "no end" instead of leaving the field empty.
NONE_BEFORE = date(1901, 1, 1)
OPEN_FROM = date(2049, 12, 31)


class Span(msgspec.Struct, frozen=True):
    """A half-open period of days [start, until); either side may be open (None)."""

    start: date | None = None
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether `day` lies inside."""
        return (self.start is None or self.start <= day) and (self.until is None or day < self.until)

    def overlap(self, other: Span) -> Span | None:
        """The days that lie in both, or None."""
        start = max((s for s in (self.start, other.start) if s), default=None)
        until = min((u for u in (self.until, other.until) if u), default=None)
        return None if start and until and start >= until else Span(start, until)

    def days(self) -> int:
        """The number of days; raises ValueError where a side is open."""
        if self.start is None or self.until is None:
            raise ValueError("an open period has no number of days")
        return (self.until - self.start).days


def sane(day: date | None) -> date | None:
    """None for the sentinels with which systems say "none" or "open-ended" (1900-01-01, 2049-12-31, 9999-12-31)."""
    return None if day is None or day < NONE_BEFORE or day >= OPEN_FROM else day


def month_of(day: date) -> str:
    """The accounting month of a day, `YYYY-MM`."""
    return f"{day.year:04d}-{day.month:02d}"


def month_start(month: str) -> date:
    """The first day of a month written `YYYY-MM`."""
    return date(int(month[:4]), int(month[5:7]), 1)


def add_months(day: date, months: int, anchor: int | None = None) -> date:
    """The day `months` later; `anchor` is the day of month wanted, clamped to the month's last day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(anchor or day.day, monthrange(year, month + 1)[1]))


def month_end(month: str) -> date:
    """The first day after a month written `YYYY-MM`."""
    return add_months(month_start(month), 1)


def months_in(span: Span, limit: int = 240) -> Iterator[str]:
    """The months a closed period touches, in order, at most `limit` of them."""
    if span.start is None:
        return
    month = date(span.start.year, span.start.month, 1)
    until = span.until or span.start + DAY
    while limit > 0 and (month < until or month <= span.start):
        yield month_of(month)
        month, limit = add_months(month, 1), limit - 1


def days_of_year(span: Span) -> int:
    """Days by which an annual price is prorated: those of the year that begins with the span's start (365 or 366)."""
    if span.start is None:
        raise ValueError("an open period has no year")
    return (add_months(span.start, 12) - span.start).days


def end_of_day(day: date, zone: str) -> datetime:
    """The instant at which `day` is over in `zone`, in UTC."""
    return datetime.combine(day + DAY, time(), ZoneInfo(zone)).astimezone(UTC)


def day_in(instant: datetime, zone: str) -> date:
    """The day that an instant falls on in `zone`."""
    return instant.astimezone(ZoneInfo(zone)).date()


def business_days_after(day: date, count: int, zone: str, holidays: Container[date] = ()) -> datetime:
    """The end of the `count`-th business day after `day` in `zone` (weekdays less `holidays`), in UTC."""
    while count > 0:
        day += DAY
        if day.weekday() < 5 and day not in holidays:
            count -= 1
    return end_of_day(day, zone)
