"""Terms: what was sold and what billing has set up, as quantities and prices per product over time, to compare."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from models.calendar import Span, days_of_year
from models.documents import Change, Charge, Line, Quote, Subscription
from models.money import ZERO
from models.policy import Policy


@dataclass(frozen=True)
class Segment:
    """A stretch of days on which both sides are constant, with what each says of one product."""

    span: Span
    sold: Decimal | None
    billed: Decimal | None
    sold_price: Fraction | None  # of one unit for a year
    billed_price: Fraction | None
    year_days: int


def annual(line: Line) -> Fraction | None:
    """The price of one unit for a year; None where the line states none."""
    if line.unit_price is None:
        return None
    return Fraction(line.unit_price) * 12 / (line.price_months or 12)


@dataclass(frozen=True)
class Terms:
    """The sold quotes and the subscription that they are about."""

    quotes: tuple[Quote, ...]
    subscription: Subscription
    policy: Policy

    @staticmethod
    def of(quotes: Iterable[Quote], subscriptions: list[Subscription], policy: Policy) -> list[Terms]:
        """Pairs them: with one subscription all quotes are its, with several each quote goes to the one naming it."""
        sold = tuple(sorted(quotes, key=lambda q: (q.span.start or date.min, q.change is not Change.NEW, q.number or "")))
        if len(subscriptions) == 1:
            return [Terms(sold, subscriptions[0], policy)] if sold else []
        paired = []
        for subscription in subscriptions:
            mine = tuple(q for q in sold if subscription.quote_number and q.number == subscription.quote_number)
            if mine:
                paired.append(Terms(mine, subscription, policy))
        return paired

    @cached_property
    def executed(self) -> tuple[Quote, ...]:
        """The quotes whose term billing has begun: a renewal that is only agreed is the renewal rule's business."""
        until = self.subscription.term.until
        return tuple(q for q in self.quotes if not (q.change is Change.RENEWAL and until and q.span.start and q.span.start >= until))

    @property
    def base(self) -> Quote:
        """The quote that began the first term."""
        return next((q for q in self.quotes if q.change is Change.NEW), self.quotes[0])

    def complete(self) -> bool:
        """Whether all lines of both sides are known."""
        return self.subscription.complete_lines and all(q.complete_lines for q in self.quotes)

    def currency(self) -> str | None:
        """The currency both sides state, or None where they differ or one does not say."""
        stated = {c for c in (self.subscription.currency, *(q.currency for q in self.quotes))}
        return next(iter(stated)) if len(stated) == 1 else None

    def sold_lines(self, product: str, day: date) -> list[Line]:
        """The sold lines in force on a day: those of the term's base quote and of amendments to it."""
        started = [q for q in self.executed if q.span.start and q.span.start <= day and q.change is not Change.AMENDMENT]
        first = started[-1].span.start if started else None
        lines = []
        for quote in self.executed:
            if first is None or quote.span.start is None or quote.span.start < first:
                continue
            lines += [line for line in quote.lines if line.product == product and self._span(quote, line).holds(day)]
        return lines

    def _span(self, quote: Quote, line: Line) -> Span:
        return Span(line.span.start or quote.span.start, line.span.until or quote.span.until)

    def billed_lines(self, product: str, day: date) -> list[Line]:
        """The subscription's charge segments in force on a day."""
        return [line for line in self.subscription.lines if line.product == product and self.effective(line).holds(day)]

    def quantities(self, product: str, day: date) -> tuple[Decimal, Decimal]:
        """How many units are sold and how many are set up in billing on a day."""
        sold, billed = self.sold_lines(product, day), self.billed_lines(product, day)
        return sum((x.quantity or ZERO for x in sold), ZERO), sum((x.quantity or ZERO for x in billed), ZERO)

    def effective(self, line: Line) -> Span:
        """A charge segment, cut off where the subscription was cancelled."""
        ended = self.subscription.cancelled_on
        return Span(line.span.start, min(x for x in (line.span.until, ended) if x)) if ended or line.span.until else line.span

    def products(self, charge: Charge) -> list[str]:
        """The products of one kind of charge on either side."""
        sold = {line.product for q in self.executed for line in q.lines if line.charge is charge and not line.bundle_parent}
        billed = {line.product for line in self.subscription.lines if line.charge is charge and not line.bundle_parent}
        return sorted(sold | billed)

    def segments(self, product: str) -> list[Segment]:
        """The stretches of constant terms of a recurring product, over the days that both sides speak about."""
        spans = [self._span(q, x) for q in self.executed for x in q.lines if x.product == product]
        spans += [self.effective(x) for x in self.subscription.lines if x.product == product]
        edges = sorted({d for s in spans for d in (s.start, s.until) if d})
        return [self._segment(product, Span(a, b)) for a, b in pairwise(edges)]

    def _segment(self, product: str, span: Span) -> Segment:
        assert span.start is not None
        sold, billed = self.sold_lines(product, span.start), self.billed_lines(product, span.start)
        return Segment(
            span,
            _quantity(sold),
            _quantity(billed),
            _price(sold),
            _price(billed),
            days_of_year(Span(self._term_start(span.start), None)),
        )

    def _term_start(self, day: date) -> date:
        """The start of the term that a day lies in: a price is annual from there."""
        starts = [q.span.start for q in self.executed if q.change is not Change.AMENDMENT and q.span.start and q.span.start <= day]
        return max(starts, default=day)

    def sold_total(self) -> Decimal | None:
        """The sold value of the executed quotes, usage left out; None where a line has no total."""
        lines = [x for q in self.executed for x in q.lines if x.charge is not Charge.USAGE and not x.bundle_parent]
        return None if any(x.net is None for x in lines) else sum((x.net or ZERO for x in lines), ZERO)

    def billed_total(self) -> Decimal | None:
        """The configured value of the same terms, usage left out; None where a charge has no total."""
        start, until = self.base.span.start, max((q.span.until for q in self.executed if q.span.until), default=None)
        window = Span(start, until)
        lines = [x for x in self.subscription.lines if x.charge is not Charge.USAGE and x.span.overlap(window)]
        return None if any(x.net is None for x in lines) else sum((x.net or ZERO for x in lines), ZERO)


def _quantity(lines: list[Line]) -> Decimal | None:
    known = [x.quantity for x in lines if x.quantity is not None]
    return sum(known, ZERO) if known else None


def _price(lines: list[Line]) -> Fraction | None:
    """The one annual unit price of the lines; None where they state none, or several (a blend is not a price)."""
    prices = {annual(x) for x in lines if x.quantity}
    return next(iter(prices)) if len(prices) == 1 else None
