"""Money: one rounding, splits that keep their sum to the last unit, and no float or second currency anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.money import Money, allocate, exponent, minor_unit, over_time, rounded

D = Decimal
# One currency for each number of digits that ISO 4217 knows, and one code that it does not know.
CURRENCIES = ("JPY", "EUR", "KWD", "CLF", "XXQ")
SPLITS = (allocate, over_time)
Split = Callable[[Decimal, Sequence[Decimal | int], str], list[Decimal]]

currencies = st.sampled_from(CURRENCIES)
# Not all zero: a split among nobody is refused.
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=36).filter(any)
units = st.integers(-(10**14), 10**14)


def amount(count: int, currency: str) -> Decimal:
    """So many minor units."""
    return count * minor_unit(currency)


@pytest.mark.parametrize(
    ("text", "currency", "wanted"),
    [
        ("0.005", "EUR", "0.01"),  # half away from zero, not to even
        ("0.015", "EUR", "0.02"),
        ("0.025", "EUR", "0.03"),
        ("-0.005", "EUR", "-0.01"),
        ("-0.025", "EUR", "-0.03"),
        ("0.0049999", "EUR", "0.00"),
        ("-0.0049999", "EUR", "0.00"),
        ("0.5", "JPY", "1"),
        ("-2.5", "JPY", "-3"),
        ("1.0005", "KWD", "1.001"),
        ("1.00005", "CLF", "1.0001"),
        ("123456789012345678901234567890123456789.005", "EUR", "123456789012345678901234567890123456789.01"),
        ("-99999999999999999999999999999999999.995", "EUR", "-100000000000000000000000000000000000.00"),
    ],
)
def test_a_half_goes_away_from_zero(text: str, currency: str, wanted: str) -> None:
    """However many digits the amount has: the context's 28 would round the long ones."""
    assert str(rounded(D(text), currency)) == wanted


def test_a_fraction_is_rounded_from_its_exact_value() -> None:
    assert rounded(Fraction(1, 3), "EUR") == D("0.33")
    assert rounded(Fraction(-2, 3), "EUR") == D("-0.67")
    assert rounded(Fraction(1, 200), "EUR") == D("0.01")  # exactly a half


@given(st.fractions(min_value=-(10**12), max_value=10**12), currencies)
def test_rounding_is_near_idempotent_and_symmetric(exact: Fraction, currency: str) -> None:
    """At most half a unit away, stable when done twice, the same for both signs, and a whole number of units."""
    near = rounded(exact, currency)

    assert abs(Fraction(near) - exact) * 2 <= Fraction(minor_unit(currency))
    assert rounded(near, currency) == near == -rounded(-exact, currency)
    assert near % minor_unit(currency) == 0


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("ISK", 0), ("EUR", 2), ("TND", 3), ("CLF", 4), ("XXQ", 2)])
def test_the_minor_unit_follows_the_list(currency: str, digits: int) -> None:
    assert exponent(currency) == digits
    assert minor_unit(currency) == D(1).scaleb(-digits)


@pytest.mark.parametrize("split", SPLITS)
@given(units, weights, currencies)
def test_the_parts_sum_to_the_total(split: Split, count: int, shares: list[int], currency: str) -> None:
    """To the last unit, for both signs; every part is a whole number of units and less than one away from its share."""
    total = amount(count, currency)
    parts = split(total, shares, currency)

    assert sum(parts, D(0)) == total
    for part, share in zip(parts, shares, strict=True):
        assert part % minor_unit(currency) == 0
        assert abs(Fraction(part) - Fraction(total) * share / sum(shares)) < Fraction(minor_unit(currency))


@pytest.mark.parametrize("split", SPLITS)
@given(units, weights, currencies)
def test_a_negative_total_is_the_mirror(split: Split, count: int, shares: list[int], currency: str) -> None:
    total = amount(count, currency)

    assert split(-total, shares, currency) == [-part for part in split(total, shares, currency)]


@pytest.mark.parametrize("split", SPLITS)
@given(weights, currencies, st.integers(1, 10**9))
def test_nothing_goes_where_no_weight_is(split: Split, shares: list[int], currency: str, count: int) -> None:
    parts = split(amount(count, currency), shares, currency)

    assert all(part == 0 for part, share in zip(parts, shares, strict=True) if share == 0)


@given(units, weights, currencies)
def test_allocation_ranks_like_the_weights(count: int, shares: list[int], currency: str) -> None:
    """A larger weight never gets less: 100.00 over 1, 1, 1 gives the cent to the first only."""
    parts = allocate(abs(amount(count, currency)), shares, currency)
    ranked = sorted(zip(shares, parts, strict=True), key=lambda pair: pair[0])

    assert all(a[1] <= b[1] for a, b in pairwise(ranked) if a[0] < b[0])


@pytest.mark.parametrize(
    ("total", "shares", "currency", "wanted"),
    [
        ("100.00", [1, 1, 1], "EUR", ["33.34", "33.33", "33.33"]),
        ("-100.00", [1, 1, 1], "EUR", ["-33.34", "-33.33", "-33.33"]),
        ("10", [1, 1, 1], "JPY", ["4", "3", "3"]),
        ("1.000", [1, 1, 1], "KWD", ["0.334", "0.333", "0.333"]),
        ("0.01", [1, 1], "EUR", ["0.01", "0.00"]),
        ("1.005", [1, 1], "EUR", ["0.505", "0.50"]),  # finer than the currency: the rest goes along with the largest remainder
    ],
)
def test_the_largest_remainder_takes_the_unit(total: str, shares: list[int], currency: str, wanted: list[str]) -> None:
    assert allocate(D(total), shares, currency) == [D(x) for x in wanted]


def test_over_time_rounds_the_running_total() -> None:
    """100.00 over three: 33.33, then 66.67 - 33.33 = 33.34, then the rest."""
    assert over_time(D("100.00"), [1, 1, 1], "EUR") == [D("33.33"), D("33.34"), D("33.33")]


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("shares", [[], [0], [0, 0], [1, -1]])
def test_a_split_among_nobody_is_refused(split: Split, shares: list[int]) -> None:
    with pytest.raises(ValueError, match="sum above zero"):
        split(D("1.00"), shares, "EUR")


def test_money_takes_decimals_only() -> None:
    for wrong in (1.5, 1, "1.50", None):
        with pytest.raises(TypeError, match="is a Decimal"):
            Money(wrong, "EUR")  # type: ignore[arg-type]


def test_money_does_not_mix() -> None:
    euro, dollar = Money(D("1.00"), "EUR"), Money(D("1.00"), "USD")

    for other in (dollar, D("1.00"), 1):
        with pytest.raises(TypeError, match="cannot mix EUR"):
            euro + other  # type: ignore[operator]
        with pytest.raises(TypeError, match="cannot mix EUR"):
            euro - other  # type: ignore[operator]


def test_money_of_one_currency_adds_up() -> None:
    a, b = Money(D("10.10"), "EUR"), Money(D("-20.25"), "EUR")

    assert a + b == Money(D("-10.15"), "EUR")
    assert a - b == Money(D("30.35"), "EUR")
    assert abs(b) == -b == Money(D("20.25"), "EUR")
    assert str(Money(D("1234567.50"), "EUR")) == "1,234,567.50 EUR"
