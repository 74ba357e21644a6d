"""What NetSuite sends: REST records, SuiteQL pages and SuiteAnalytics columns in a read envelope, script notifications, tombstones."""

from __future__ import annotations

from typing import Any

from streams.native import Amount, Day, Flag, Instant, Native, NeedAmount, NeedInstant, NeedText, Text


class Read(Native):
    """How the connector came to the document."""

    system: NeedText
    object: NeedText
    key: Text = None
    tenant: Text = None
    op: NeedText
    read_at: NeedInstant
    because: Text = None


class Envelope(Native):
    """A document with its read."""

    read: Read
    record: Any = None


class Notification(Native):
    """What a user-event script posts: keys only."""

    recordType: NeedText
    id: NeedText
    lastModifiedDate: NeedInstant
    account: Text = None


class Link(Native):
    """A HATEOAS link; its host starts with the account."""

    href: Text = None


class Linked(Native):
    """Any REST answer."""

    links: list[Link] | None = None


class Reference(Native):
    """Another record; `refName` is a label in the reader's language, never a key."""

    id: Text = None
    refName: Text = None


class Item(Native):
    """A line of a transaction; `amount` is after the line's discount, which `rate` times `quantity` is not."""

    line: NeedText
    item: Reference | None = None
    quantity: Amount = None
    rate: Amount = None
    amount: Amount = None
    tax1Amt: Amount = None


class Items(Native):
    """The lines of a transaction as a sub-resource."""

    items: list[Item] | None = None
    totalResults: Amount = None


class Applied(Native):
    """What a payment, credit or refund settles."""

    apply: Flag = None
    doc: Reference | None = None
    amount: Amount = None


class Applications(Native):
    """The list of what is settled."""

    items: list[Applied] | None = None


class Transaction(Native):
    """A sales order, invoice, credit memo, customer payment or customer refund; REST leaves out empty fields."""

    id: NeedText
    tranId: Text = None
    externalId: Text = None
    lastModifiedDate: NeedInstant
    tranDate: Day = None
    startDate: Day = None
    endDate: Day = None
    dueDate: Day = None
    currency: Reference | None = None
    exchangeRate: Amount = None
    entity: Reference | None = None
    subsidiary: Reference | None = None
    postingPeriod: Reference | None = None
    status: Reference | None = None
    createdFrom: Reference | None = None
    subtotal: Amount = None
    discountTotal: Amount = None
    taxTotal: Amount = None
    total: Amount = None
    payment: Amount = None
    applied: Amount = None
    unapplied: Amount = None
    amountRemaining: Amount = None
    item: Items | None = None
    apply: Applications | None = None


class RevenueElement(Native):
    """One obligation of Advanced Revenue Management in the connector's columns; `end_date` is its last day."""

    revenue_element_id: NeedText
    revenue_arrangement_id: Text = None
    source_type: Text = None
    source_id: Text = None
    item_name: Text = None
    subsidiary_id: Text = None
    currency_id: Text = None
    discounted_sales_amount: Amount = None
    fair_value: Amount = None
    allocation_amount: Amount = None
    rev_rec_rule_id: Text = None
    start_date: Day = None
    end_date: Day = None
    is_hold_rev_rec: Flag = None
    return_revenue_element_id: Text = None
    last_merge_from_arrangement_id: Text = None
    accounting_book_id: Text = None
    lastmodifieddate: NeedInstant


class PlanLine(Native):
    """One period of a plan; an empty `journal_id` means planned, a set one posted."""

    accounting_period: NeedText
    amount: NeedAmount
    is_recognized: Flag = None
    journal_id: Text = None


class RevenuePlan(Native):
    """When an element's amount is recognised, actual or forecast."""

    plan_id: NeedText
    plan_number: Text = None
    revenue_element_id: Text = None
    revenue_plan_type: Text = None
    currency_id: Text = None
    amount: Amount = None
    is_hold_rev_rec: Flag = None
    accounting_book_id: Text = None
    lastmodifieddate: NeedInstant
    lines: list[PlanLine] | None = None


class AccountingLine(Native):
    """A ledger line; every value a string, `amount` signed with debit positive. Book 1 is the primary one."""

    accountingbook: Text = None
    transaction: NeedText
    transactiontype: Text = None
    account: NeedText
    amount: Amount = None
    debit: Amount = None
    credit: Amount = None
    posting: Flag = None
    lastmodifieddate: Instant = None


class Row(Native):
    """One transaction in SuiteQL; every value a string, dates in the account's own format unless asked for otherwise."""

    id: NeedText
    type: NeedText
    tranid: Text = None
    externalid: Text = None
    status: Text = None
    currency: Text = None
    foreigntotal: Amount = None
    trandate: Text = None
    lastmodifieddate: NeedText


class Key(Native):
    """What a REST list tells of a record."""

    id: NeedText


class Page(Native):
    """A page of any list; its rows are checked by what they are."""

    items: list[Any]
    hasMore: Flag = None


class Deleted(Native):
    """The tombstone of a record."""

    type: NeedText
    internalId: NeedText
    deletedDate: NeedInstant


class DayText(Native):
    """A day written as ISO text."""

    value: Day = None


class Stamp(Native):
    """A time written as ISO text."""

    value: NeedInstant
