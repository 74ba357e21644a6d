"""What the ERP shows of revenue: elements (what is to be recognised), plans (when), and ledger postings."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from models.calendar import Span
from models.documents.status import Status
from models.references import Ref


class Row(msgspec.Struct, frozen=True, array_like=True):
    """One accounting period (YYYY-MM) of a plan: the amount, and whether it has been recognised (posted)."""

    period: str
    amount: Decimal
    recognised: bool
    journal: str | None = None


class RevenueElement(msgspec.Struct, frozen=True, omit_defaults=True, tag="revenue_element"):
    """One obligation in the ERP: its stated price, its allocated share of the transaction price, and its rule.

    `source` is the document it was made from, `span` the period of service, `rule` the ERP's own rule name,
    `convention` what the organisation's mapping says this rule means. `primary_book` is false for a second ledger.
    """

    status: Status = Status.ACTIVE
    product: str | None = None
    mapped: bool = True
    currency: str | None = None
    price: Decimal | None = None
    allocated: Decimal | None = None
    standalone_price: Decimal | None = None
    span: Span = Span()
    rule: str | None = None
    convention: str | None = None
    source: Ref | None = None
    subscription: Ref | None = None
    arrangement: str | None = None
    returns: Ref | None = None
    held: bool = False
    merging: bool = False
    primary_book: bool = True
    entity: str | None = None


class RevenuePlan(msgspec.Struct, frozen=True, omit_defaults=True, tag="revenue_plan"):
    """When an element's amount is recognised. A forecast plan is never added to the actual one."""

    status: Status = Status.ACTIVE
    element: Ref | None = None
    number: str | None = None
    currency: str | None = None
    amount: Decimal | None = None
    rows: tuple[Row, ...] = ()
    forecast: bool = False
    held: bool = False
    primary_book: bool = True


class Posting(msgspec.Struct, frozen=True, array_like=True):
    """One ledger line: account and signed amount (debit positive)."""

    account: str
    amount: Decimal


class Journal(msgspec.Struct, frozen=True, omit_defaults=True, tag="journal"):
    """Ledger postings of one document in the primary book."""

    status: Status = Status.POSTED
    document: Ref | None = None
    dated: date | None = None
    currency: str | None = None
    postings: tuple[Posting, ...] = ()
