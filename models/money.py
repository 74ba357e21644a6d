"""Money: exact amounts with a currency, one rounding function, and splits that keep their sum."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

# ISO 4217 (list one of 2024-06-25): currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(
        ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"], 0
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
ZERO = Decimal(0)


class Money(msgspec.Struct, frozen=True):
    """An exact amount in major units and its ISO 4217 currency.

    Raises TypeError for a float and for arithmetic between two currencies.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"an amount is a Decimal, not {type(self.amount).__name__}")

    def _same(self, other: Money) -> None:
        if not isinstance(other, Money) or other.currency != self.currency:
            raise TypeError(f"cannot mix {self.currency} with {getattr(other, 'currency', type(other).__name__)}")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.amount), self.currency)

    def __str__(self) -> str:
        return f"{self.amount:,f} {self.currency}"


def exponent(currency: str) -> int:
    """Digits of the minor unit: JPY 0, EUR 2, KWD 3 (ISO 4217); 2 for a code the list does not know."""
    return _EXPONENTS.get(currency, 2)


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency, in major units: EUR 0.01."""
    return Decimal(1).scaleb(-exponent(currency))


def rounded(amount: Decimal | Fraction, currency: str) -> Decimal:
    """THE rounding: half away from zero to the currency's minor unit."""
    if isinstance(amount, Decimal):
        amount = Fraction(amount)
    scaled = abs(amount) * 10 ** exponent(currency)
    units = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return _of_units(-units if amount < 0 else units, currency)


def _of_units(units: int, currency: str) -> Decimal:
    """Minor units as an amount; from text, which has no limit of precision."""
    return Decimal(f"{units}E-{exponent(currency)}")


def allocate(total: Decimal, weights: Sequence[Decimal | int], currency: str) -> list[Decimal]:
    """Split `total` in proportion to `weights`, in minor units, so that the parts sum to it (largest remainder).

    Magnitudes are floored to the minor unit, what is missing goes unit by unit to the largest remainders, ties
    to the first; the sign of the total applies to all. Raises ValueError where the weights do not sum above zero.
    """
    whole = sum(Fraction(w) for w in weights)
    if whole <= 0 or any(w < 0 for w in weights):
        raise ValueError("weights must be non-negative and sum above zero")
    unit = Fraction(minor_unit(currency))
    units = Fraction(abs(total)) / unit
    exact = [units * Fraction(w) / whole for w in weights]
    floors = [x.numerator // x.denominator for x in exact]
    missing = int(units) - sum(floors)
    order = sorted(range(len(exact)), key=lambda i: (floors[i] - exact[i], i))
    for i in order[:missing]:
        floors[i] += 1
    parts = [_of_units(n, currency) for n in floors]
    rest = abs(total) - sum(parts, ZERO)  # what a total finer than the minor unit leaves over
    parts[order[0]] += rest
    return [-p for p in parts] if total < 0 else parts


def over_time(total: Decimal, weights: Sequence[Decimal | int], currency: str) -> list[Decimal]:
    """Spread `total` over periods by rounding the running total and taking the difference, so that the sum is kept.

    This is the policy `schedule_rounding: cumulative`. Raises ValueError where the weights do not sum above zero.
    """
    whole = sum(Fraction(w) for w in weights)
    if whole <= 0:
        raise ValueError("weights must sum above zero")
    done, before, parts = Fraction(0), ZERO, []
    for weight in weights:
        done += Fraction(weight)
        running = total if done == whole else rounded(Fraction(total) * done / whole, currency)
        parts.append(running - before)
        before = running
    return parts
