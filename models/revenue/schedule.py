"""The schedule that an allocated amount should have: one amount per accounting period, by a named convention."""

from __future__ import annotations

from calendar import monthrange
from datetime import timedelta
from decimal import Decimal

from models.calendar import Span, add_months, month_end, month_of, month_start, months_in
from models.money import over_time

CONVENTIONS = ("day", "month", "month_prorated", "point_in_time")


def expected(total: Decimal, span: Span, convention: str, currency: str) -> dict[str, Decimal] | None:
    """`total` by period (YYYY-MM), in `currency`; None where the span is open or the convention is not known here.

    `day` weighs the days of service in each month, `month` gives each monthly anniversary begun the same,
    `month_prorated` weighs a part month by its share of days. The sum is always the total.
    """
    if span.start is None or span.until is None or span.until <= span.start:
        return None
    if convention == "point_in_time":
        return {month_of(span.start): total}
    months = list(months_in(span))
    if convention == "day":
        weights: list[Decimal | int] = [_days(span, month) for month in months]
    elif convention == "month_prorated":
        weights = [Decimal(_days(span, month)) / monthrange(int(month[:4]), int(month[5:]))[1] for month in months]
    elif convention == "month":
        count = _anniversaries(span)
        months, weights = months[:count], [1] * min(count, len(months))
    else:
        return None
    return dict(zip(months, over_time(total, weights, currency), strict=True))


def _days(span: Span, month: str) -> int:
    part = span.overlap(Span(month_start(month), month_end(month)))
    return part.days() if part else 0


def _anniversaries(span: Span) -> int:
    """Monthly anniversaries begun in the span, counted from its first day, the day clamped to the month's end."""
    assert span.start is not None and span.until is not None
    count = 0
    while add_months(span.start, count, span.start.day) <= span.until - timedelta(days=1):
        count += 1
    return count
