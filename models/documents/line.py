"""Line: one product on a quote, order, subscription, invoice or credit."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from models.calendar import Span
from models.documents.status import Charge


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One product with its quantity, price and period of service.

    `product` is the canonical name, or the native one where `mapped` is false. `unit_price` is the net price of one
    unit as the document states it, for `price_months` months (None: for the whole line); `net` is the line's total
    before tax, negative on discounts; `tax` is its tax. Amounts are in major units of the document's currency.
    `span` is the service period, half-open. `billing_months` is how often it is billed. On a subscription, `id` is
    the charge number and each segment of time is a line of its own.
    """

    id: str
    product: str
    mapped: bool = True
    charge: Charge = Charge.RECURRING
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    price_months: int | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    span: Span = Span()
    billing_months: int | None = None
    in_advance: bool = True
    included: Decimal | None = None  # units of usage that cost nothing extra
    overage_price: Decimal | None = None  # of one unit above them
    subscription: str | None = None  # native number of the subscription the line bills
    bundle_parent: bool = False  # a priced-at-zero parent whose children carry the money
    quote_line: str | None = None
