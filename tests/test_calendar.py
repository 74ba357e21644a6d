"""Days, months and business days: leap days, clamping, half-open periods, sentinels and the end of a day in a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import calendar
from models.calendar import Span, add_months, business_days_after, end_of_day

BERLIN, AUCKLAND = "Europe/Berlin", "Pacific/Auckland"
days = st.dates(date(1950, 1, 1), date(2200, 12, 31))
zones = st.sampled_from(["UTC", BERLIN, AUCKLAND, "America/St_Johns", "Pacific/Apia"])


def day(text: str) -> date:
    return date.fromisoformat(text)


def span(start: str, until: str) -> Span:
    return Span(day(start), day(until))


@pytest.mark.parametrize(
    ("start", "months", "anchor", "wanted"),
    [
        ("2025-01-31", 1, None, "2025-02-28"),
        ("2024-01-31", 1, None, "2024-02-29"),
        ("2024-02-29", 12, None, "2025-02-28"),
        ("2024-02-29", 48, None, "2028-02-29"),
        ("2100-01-30", 1, None, "2100-02-28"),  # 2100 is no leap year
        ("2025-12-15", 1, None, "2026-01-15"),
        ("2025-01-15", -1, None, "2024-12-15"),
        ("2025-03-31", -1, None, "2025-02-28"),
        ("2025-02-28", 1, 31, "2025-03-31"),  # the anchor brings the month's end back
        ("2025-02-28", 1, None, "2025-03-28"),
        ("2025-05-10", 0, None, "2025-05-10"),
    ],
)
def test_months_are_added_with_clamping(start: str, months: int, anchor: int | None, wanted: str) -> None:
    assert add_months(day(start), months, anchor) == day(wanted)


@given(days, st.integers(-240, 240))
def test_adding_months_moves_by_months(start: date, months: int) -> None:
    """The number of months is exact, the day is the wanted one or the month's last, and going back never goes too far."""
    there = add_months(start, months)

    assert (there.year - start.year) * 12 + there.month - start.month == months
    assert there.day == start.day or (there + timedelta(1)).day == 1
    assert add_months(there, -months, start.day) == start


@given(days, st.integers(1, 60))
def test_anniversaries_from_the_anchor_never_drift(start: date, count: int) -> None:
    """Month by month with the anchor gives the same days as in one step: 31 Jan, 28 Feb, 31 Mar and not 28 Mar."""
    step = start
    for _ in range(count):
        step = add_months(step, 1, start.day)

    assert step == add_months(start, count)


def test_a_month_begins_and_ends() -> None:
    assert calendar.month_of(day("0987-03-04")) == "0987-03"
    assert calendar.month_start("2024-02") == day("2024-02-01")
    assert calendar.month_end("2024-02") == day("2024-03-01")
    assert calendar.month_end("2025-12") == day("2026-01-01")


@pytest.mark.parametrize(
    ("start", "until", "wanted"),
    [
        ("2025-01-15", "2025-01-16", ["2025-01"]),
        ("2025-01-31", "2025-02-01", ["2025-01"]),  # half-open: February is not touched
        ("2025-01-31", "2025-02-02", ["2025-01", "2025-02"]),
        ("2025-11-30", "2026-02-01", ["2025-11", "2025-12", "2026-01"]),
    ],
)
def test_a_period_touches_months(start: str, until: str, wanted: list[str]) -> None:
    assert list(calendar.months_in(span(start, until))) == wanted


def test_open_periods_touch_what_is_known() -> None:
    assert list(calendar.months_in(Span())) == []
    assert list(calendar.months_in(Span(day("2025-01-15"), None))) == ["2025-01"]
    assert len(list(calendar.months_in(span("1990-01-01", "2040-01-01"), 120))) == 120


@given(days, st.integers(1, 4000))
def test_the_months_of_a_period_hold_its_days(start: date, length: int) -> None:
    """Every day of the period lies in exactly one of its months; together they have the period's days."""
    whole = Span(start, start + timedelta(length))
    parts = [whole.overlap(Span(calendar.month_start(m), calendar.month_end(m))) for m in calendar.months_in(whole)]

    assert sum(part.days() for part in parts if part) == length == whole.days()
    assert all(parts)


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        (("2025-01-01", "2025-02-01"), ("2025-02-01", "2025-03-01"), None),  # they touch and share no day
        (("2025-01-01", "2025-02-02"), ("2025-02-01", "2025-03-01"), ("2025-02-01", "2025-02-02")),
        (("2025-01-01", "2026-01-01"), ("2025-05-01", "2025-06-01"), ("2025-05-01", "2025-06-01")),
    ],
)
def test_overlaps_are_half_open(a: tuple[str, str], b: tuple[str, str], wanted: tuple[str, str] | None) -> None:
    both = span(*a).overlap(span(*b))

    assert both == (span(*wanted) if wanted else None) == span(*b).overlap(span(*a))


def test_an_open_side_holds_everything() -> None:
    open_ended = Span(day("2025-01-01"), None)

    assert open_ended.holds(day("2999-01-01")) and not open_ended.holds(day("2024-12-31"))
    assert Span().overlap(open_ended) == open_ended
    assert not span("2025-01-01", "2025-02-01").holds(day("2025-02-01"))
    with pytest.raises(ValueError, match="open period"):
        open_ended.days()


@pytest.mark.parametrize(("start", "wanted"), [("2025-01-15", 365), ("2024-01-15", 366), ("2023-03-01", 366), ("2024-02-29", 365)])
def test_a_year_has_the_days_from_its_own_start(start: str, wanted: int) -> None:
    assert calendar.days_of_year(Span(day(start), None)) == wanted


def test_a_year_needs_a_start() -> None:
    with pytest.raises(ValueError, match="no year"):
        calendar.days_of_year(Span())


@pytest.mark.parametrize("text", ["1900-01-01", "0001-01-01", "2049-12-31", "9999-12-31"])
def test_sentinels_are_no_dates(text: str) -> None:
    assert calendar.sane(day(text)) is None


def test_real_dates_are_kept() -> None:
    assert calendar.sane(None) is None
    assert calendar.sane(day("2049-12-30")) == day("2049-12-30")


@pytest.mark.parametrize(
    ("text", "zone", "wanted"),
    [
        ("2025-01-15", "UTC", "2025-01-16T00:00:00"),
        ("2025-01-15", BERLIN, "2025-01-15T23:00:00"),
        ("2025-07-15", BERLIN, "2025-07-15T22:00:00"),
        ("2025-03-30", BERLIN, "2025-03-30T22:00:00"),  # the day has 23 hours
        ("2025-01-15", AUCKLAND, "2025-01-15T11:00:00"),
    ],
)
def test_a_day_ends_in_its_zone(text: str, zone: str, wanted: str) -> None:
    assert end_of_day(day(text), zone) == datetime.fromisoformat(wanted).replace(tzinfo=UTC)


@given(st.dates(date(2015, 1, 1), date(2040, 1, 1)), zones)
def test_the_end_of_a_day_is_the_first_instant_of_the_next(one: date, zone: str) -> None:
    end = end_of_day(one, zone)

    assert calendar.day_in(end, zone) == one + timedelta(1)
    assert calendar.day_in(end - timedelta(microseconds=1), zone) <= one
    assert end == end.astimezone(ZoneInfo(zone))


@pytest.mark.parametrize(
    ("start", "count", "last"),
    [
        ("2025-01-31", 3, "2025-02-05"),  # Friday: Monday, Tuesday, Wednesday
        ("2025-01-30", 1, "2025-01-31"),
        ("2025-02-01", 1, "2025-02-03"),  # Saturday
        ("2025-04-17", 1, "2025-04-22"),  # before Good Friday and Easter Monday, both holidays below
        ("2025-04-17", 0, "2025-04-17"),
    ],
)
def test_business_days_are_weekdays_less_holidays(start: str, count: int, last: str) -> None:
    easter = {day("2025-04-18"), day("2025-04-21")}

    assert business_days_after(day(start), count, BERLIN, easter) == end_of_day(day(last), BERLIN)


@given(days.filter(lambda d: d.year > 1990), st.integers(0, 30))
def test_five_business_days_are_a_week(start: date, count: int) -> None:
    """Any five of them take seven days, whatever day one starts on."""
    weeks = business_days_after(start, count * 5, "UTC") - end_of_day(start, "UTC")

    assert weeks <= timedelta(7 * count) and weeks > timedelta(7 * count - 3)
