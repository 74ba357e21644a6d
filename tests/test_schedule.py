"""The expected schedule: the published figures of each convention, and that a schedule always adds up to its total."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calendar import Span, add_months, month_of
from models.money import minor_unit
from models.revenue.schedule import CONVENTIONS, expected

D = Decimal
# 12,000 over a year from the middle of January: 365 days, the last of them 14 January 2026.
YEAR = Span(date(2025, 1, 15), date(2026, 1, 15))
spans = st.builds(
    lambda start, length: Span(start, start + timedelta(length)), st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(1, 1500)
)
currencies = st.sampled_from(["JPY", "EUR", "KWD"])


@pytest.mark.parametrize(
    ("convention", "january", "february", "months"),
    [
        ("day", "558.90", "920.55", 13),  # 12,000 * 17 / 365; then 12,000 * 45 / 365 = 1,479.45 less 558.90
        ("month_prorated", "548.39", "1000.00", 13),  # 17/31 of a month's 1,000
        ("month", "1000.00", "1000.00", 12),  # each month begun on the 15th counts whole
        ("point_in_time", "12000.00", None, 1),
    ],
)
def test_the_published_figures(convention: str, january: str, february: str | None, months: int) -> None:
    rows = expected(D("12000.00"), YEAR, convention, "EUR")

    assert rows is not None and rows["2025-01"] == D(january)
    assert rows.get("2025-02") == (D(february) if february else None)
    assert len(rows) == months and sum(rows.values()) == 12000


def test_a_leap_day_is_a_day() -> None:
    """366 days from 15 January 2024: 29 of them in February."""
    rows = expected(D("36600.00"), Span(date(2024, 1, 15), date(2025, 1, 15)), "day", "EUR")

    assert rows is not None and rows["2024-02"] == D("2900.00")


def test_anniversaries_are_clamped_to_the_month() -> None:
    """A year from 31 January begins twelve months, the second of them on 28 February."""
    rows = expected(D("1200.00"), Span(date(2025, 1, 31), date(2026, 1, 31)), "month", "EUR")

    assert rows == {f"2025-{month:02d}": D("100.00") for month in range(1, 13)}


def test_a_whole_calendar_year_prorates_evenly() -> None:
    year = Span(date(2025, 1, 1), date(2026, 1, 1))

    assert expected(D("1200.00"), year, "month_prorated", "EUR") == expected(D("1200.00"), year, "month", "EUR")


@pytest.mark.parametrize("convention", CONVENTIONS)
@given(st.integers(-(10**10), 10**10), spans, currencies)
def test_a_schedule_adds_up(convention: str, units: int, span: Span, currency: str) -> None:
    """To the last unit, in whole units, in the months of the span, in order."""
    total = units * minor_unit(currency)
    rows = expected(total, span, convention, currency)
    assert rows is not None and span.start is not None and span.until is not None

    assert sum(rows.values(), D(0)) == total
    assert all(amount % minor_unit(currency) == 0 for amount in rows.values())
    assert list(rows) == sorted(rows) and next(iter(rows)) == month_of(span.start)
    assert max(rows) <= month_of(span.until - timedelta(days=1))


@given(st.integers(0, 10**10), spans, st.sampled_from(CONVENTIONS))
def test_a_credit_is_the_mirror_of_a_charge(cents: int, span: Span, convention: str) -> None:
    total = D(cents) / 100
    plus, minus = expected(total, span, convention, "EUR"), expected(-total, span, convention, "EUR")

    assert plus is not None and minus == {period: -amount for period, amount in plus.items()}


@given(st.integers(0, 10**9), spans)
def test_by_day_every_month_is_near_its_days(cents: int, span: Span) -> None:
    total = D(cents) / 100
    rows = expected(total, span, "day", "EUR")
    assert rows is not None and span.start is not None and span.until is not None

    for period, amount in rows.items():
        first = date.fromisoformat(f"{period}-01")
        share = Span(first, add_months(first, 1)).overlap(span)
        assert share and abs(amount - total * share.days() / span.days()) < D("0.01")


@pytest.mark.parametrize(
    ("span", "convention"),
    [
        (Span(), "day"),
        (Span(date(2025, 1, 1), None), "day"),
        (Span(None, date(2025, 1, 1)), "month"),
        (Span(date(2025, 1, 1), date(2025, 1, 1)), "day"),
        (Span(date(2025, 1, 2), date(2025, 1, 1)), "month"),
        (YEAR, "quarterly"),
    ],
)
def test_without_a_period_or_a_known_convention_nothing_is_expected(span: Span, convention: str) -> None:
    assert expected(D("100.00"), span, convention, "EUR") is None
