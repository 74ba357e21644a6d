"""What billing, payment and receivables show: subscription, invoice, credit, payment, refund."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import msgspec

from models.calendar import Span
from models.documents.line import Line
from models.documents.status import Status
from models.references import Ref


class Subscription(msgspec.Struct, frozen=True, omit_defaults=True, tag="subscription"):
    """A subscription in force: SIGNED, ACTIVE, SUSPENDED, CANCELLED, ENDED.

    `start` is the first day of the first term, `term` the current one (until: first day after; None: evergreen).
    `cancelled_on` is the first day without service after a cancellation. `lines` holds one line per charge segment.
    """

    status: Status = Status.UNKNOWN
    number: str | None = None
    version: int | None = None
    start: date | None = None
    term: Span = Span()
    auto_renew: bool | None = None
    renewal_months: int | None = None
    cancelled_on: date | None = None
    currency: str | None = None
    lines: tuple[Line, ...] = ()
    complete_lines: bool = True
    contract_number: str | None = None
    quote_number: str | None = None
    customer: Ref | None = None
    entity: str | None = None
    created_on: date | None = None


class Invoice(msgspec.Struct, frozen=True, omit_defaults=True, tag="invoice"):
    """An invoice of billing or of the ERP (the Ref's kind tells): DRAFT, POSTED, PAID, VOID.

    `net` + `tax` = `gross`; `balance` is what is still open; all in `currency`, in major units.
    """

    status: Status = Status.UNKNOWN
    number: str | None = None
    dated: date | None = None
    due: date | None = None
    posted_on: date | None = None
    currency: str | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    gross: Decimal | None = None
    balance: Decimal | None = None
    lines: tuple[Line, ...] = ()
    complete_lines: bool = True
    counterpart: Ref | None = None  # the document of the other ledger that this one names
    made_from: Ref | None = None
    customer: Ref | None = None
    entity: str | None = None
    period: str | None = None  # the posting period, YYYY-MM
    exchange_rate: Decimal | None = None


class Application(msgspec.Struct, frozen=True, array_like=True):
    """A part of a payment, credit or refund that settles `document`, in the payment's currency."""

    document: Ref
    amount: Decimal


class Credit(msgspec.Struct, frozen=True, omit_defaults=True, tag="credit"):
    """A credit memo of billing or of the ERP: DRAFT, POSTED, VOID. Its amounts are negative whatever the source writes.

    `applied`, `unapplied` and `refunded` are magnitudes.
    """

    status: Status = Status.UNKNOWN
    number: str | None = None
    dated: date | None = None
    currency: str | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    gross: Decimal | None = None
    applied: Decimal | None = None
    unapplied: Decimal | None = None
    refunded: Decimal | None = None
    lines: tuple[Line, ...] = ()
    complete_lines: bool = True
    credits: Ref | None = None  # the invoice it refers to
    applications: tuple[Application, ...] = ()
    reason: str | None = None
    counterpart: Ref | None = None
    customer: Ref | None = None
    entity: str | None = None
    period: str | None = None


class Payment(msgspec.Struct, frozen=True, omit_defaults=True, tag="payment"):
    """Money received, by gateway, billing or ERP: PENDING, CAPTURED, SETTLED, FAILED, VOID. Amounts are positive."""

    status: Status = Status.UNKNOWN
    number: str | None = None
    paid_on: date | None = None
    settled_at: datetime | None = None
    currency: str | None = None
    amount: Decimal | None = None
    applied: Decimal | None = None
    unapplied: Decimal | None = None
    applications: tuple[Application, ...] = ()
    counterpart: Ref | None = None
    gateway: Ref | None = None  # the gateway's own payment
    customer: Ref | None = None
    entity: str | None = None


class Refund(msgspec.Struct, frozen=True, omit_defaults=True, tag="refund"):
    """Money given back, by gateway, billing or ERP: PENDING, CAPTURED, SETTLED, FAILED, VOID. Amounts are positive."""

    status: Status = Status.UNKNOWN
    number: str | None = None
    refunded_on: date | None = None
    currency: str | None = None
    amount: Decimal | None = None
    credit: Ref | None = None
    payment: Ref | None = None
    applications: tuple[Application, ...] = ()
    counterpart: Ref | None = None
    gateway: Ref | None = None
    customer: Ref | None = None
    entity: str | None = None
