"""What CRM and CPQ show: opportunity, CRM contract, quote, order, contracted line, customer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from models.calendar import Span
from models.documents.line import Line
from models.documents.status import Change, Status
from models.references import Ref


class Opportunity(msgspec.Struct, frozen=True, omit_defaults=True, tag="opportunity"):
    """A deal in the CRM: PROPOSED, WON or LOST; `amount` in `currency`, net of tax."""

    status: Status = Status.UNKNOWN
    amount: Decimal | None = None
    currency: str | None = None
    closed_on: date | None = None
    change: Change = Change.UNKNOWN
    has_lines: bool = False
    name: str | None = None
    customer: Ref | None = None


class Agreement(msgspec.Struct, frozen=True, omit_defaults=True, tag="agreement"):
    """The contract record of the CRM: PROPOSED, ACTIVE or ENDED over `start` (first day) to `until` (first day after)."""

    status: Status = Status.UNKNOWN
    number: str | None = None
    start: date | None = None
    until: date | None = None
    currency: str | None = None
    customer: Ref | None = None


class Quote(msgspec.Struct, frozen=True, omit_defaults=True, tag="quote"):
    """An offer: PROPOSED, ACCEPTED or CLOSED. On an amendment the lines are deltas, on a renewal they are absolute.

    `complete_lines` is false where the source cut the list: then nothing may be summed.
    """

    status: Status = Status.UNKNOWN
    number: str | None = None
    change: Change = Change.UNKNOWN
    primary: bool = True
    span: Span = Span()
    currency: str | None = None
    total: Decimal | None = None
    lines: tuple[Line, ...] = ()
    complete_lines: bool = True
    opportunity: Ref | None = None
    amends: Ref | None = None
    customer: Ref | None = None
    entity: str | None = None


class Order(msgspec.Struct, frozen=True, omit_defaults=True, tag="order"):
    """An order of the CRM (PROPOSED, ORDERED), of billing (PROPOSED, DONE, VOID, FAILED) or of the ERP."""

    status: Status = Status.UNKNOWN
    number: str | None = None
    change: Change = Change.UNKNOWN
    span: Span = Span()
    ordered_on: date | None = None
    currency: str | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    gross: Decimal | None = None
    lines: tuple[Line, ...] = ()
    complete_lines: bool = True
    actions: tuple[str, ...] = ()  # what a billing order does, in the vendor's words
    quote: Ref | None = None
    customer: Ref | None = None
    entity: str | None = None


class ContractLine(msgspec.Struct, frozen=True, omit_defaults=True, tag="contract_line"):
    """A contracted row of CPQ: rows of one product add up, an amendment adds a delta row."""

    status: Status = Status.ACTIVE
    line: Line | None = None
    currency: str | None = None
    terminated_on: date | None = None
    revises: Ref | None = None


class Customer(msgspec.Struct, frozen=True, omit_defaults=True, tag="customer"):
    """A customer as one system knows it; `merged_into` names the winner after a merge."""

    name: str | None = None
    number: str | None = None
    country: str | None = None
    tax_id: str | None = None
    currency: str | None = None
    merged_into: Ref | None = None
