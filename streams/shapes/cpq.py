"""Salesforce CPQ's managed objects and the generic acceptance: their fields as checked shapes, and what each asserts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from models.documents import Change, Charge, Status
from streams.cdc import Table, Zoned
from streams.native import Amount, Day, Flag, Native, NeedText, Text

LINES = "SBQQ__LineItems__r"
LINES_MAX = 2000

# Native field -> the fields of our document that it asserts; lookups that only join assert none.
FIELDS: Mapping[str, Table] = {
    "SBQQ__Quote__c": {
        "Name": ("number",),
        "SBQQ__Status__c": ("status",),
        "SBQQ__Type__c": ("change",),
        "SBQQ__Primary__c": ("primary",),
        "SBQQ__StartDate__c": ("span",),
        "SBQQ__EndDate__c": ("span",),
        "SBQQ__NetAmount__c": ("total",),
        "CurrencyIsoCode": ("currency",),
        "SBQQ__Opportunity2__c": ("opportunity",),
        "SBQQ__MasterContract__c": ("amends",),
        "SBQQ__Account__c": ("customer",),
        LINES: ("complete_lines", "lines"),
    },
    "SBQQ__Subscription__c": {
        "SBQQ__ProductCode__c": ("line",),
        "SBQQ__Quantity__c": ("line",),
        "SBQQ__NetPrice__c": ("line",),
        "SBQQ__StartDate__c": ("line",),
        "SBQQ__EndDate__c": ("line",),
        "SBQQ__TerminatedDate__c": ("line", "status", "terminated_on"),
        "SBQQ__RevisedSubscription__c": ("revises",),
        "CurrencyIsoCode": ("currency",),
        "SBQQ__Contract__c": (),
    },
}


# Native fields of which one part of our document is made: an event that names only some of them tears it.
DATES = frozenset({"SBQQ__StartDate__c", "SBQQ__EndDate__c"})
PARTS = {
    "SBQQ__Quote__c": DATES,
    "SBQQ__Subscription__c": frozenset(name for name, ours in FIELDS["SBQQ__Subscription__c"].items() if "line" in ours),
}
STATUS = {
    **dict.fromkeys(("Draft", "In Review", "Approved", "Presented"), Status.PROPOSED),
    "Accepted": Status.ACCEPTED,
    **dict.fromkeys(("Rejected", "Denied", "Expired"), Status.CLOSED),
}
CHANGES = {
    "Quote": Change.NEW,
    "Amendment": Change.AMENDMENT,
    "Renewal": Change.RENEWAL,
    "Re-Quote": Change.UNKNOWN,  # listed by the vendor, and none of our three: it rewrites what was sold
    "new": Change.NEW,
    "amendment": Change.AMENDMENT,
    "renewal": Change.RENEWAL,
}
CHARGES = {
    "Recurring": Charge.RECURRING,
    "One-Time": Charge.ONE_TIME,
    "Usage": Charge.USAGE,
    "recurring": Charge.RECURRING,
    "one_time": Charge.ONE_TIME,
    "usage": Charge.USAGE,
}
# Months of a billing frequency; others exist ("28 Day Bill Period", "Invoice Plan") and are no number of months.
MONTHS = {"Annual": 12, "Semiannual": 6, "Quarterly": 3, "Monthly": 1}


class Quote(Native):
    """SBQQ__Quote__c; NetAmount excludes tax."""

    Name: Text = None
    SBQQ__Status__c: Text = None
    SBQQ__Type__c: Text = None
    SBQQ__Primary__c: Flag = None
    SBQQ__Ordered__c: Flag = None
    SBQQ__StartDate__c: Day = None
    SBQQ__EndDate__c: Day = None
    SBQQ__NetAmount__c: Amount = None
    SBQQ__LineItemCount__c: Amount = None
    CurrencyIsoCode: Text = None


class Charged(Native):
    """What a quote line and a subscription row have in common."""

    Id: Text = None
    SBQQ__ProductCode__c: Text = None
    SBQQ__Quantity__c: Amount = None
    SBQQ__NetPrice__c: Amount = None
    SBQQ__ChargeType__c: Text = None
    SBQQ__BillingFrequency__c: Text = None
    SBQQ__BillingType__c: Text = None
    SBQQ__StartDate__c: Day = None
    SBQQ__EndDate__c: Day = None
    SBQQ__Product__c: Text = None


class QuoteLine(Charged):
    """SBQQ__QuoteLine__c; NetTotal is prorated already, so it is no annual price."""

    SBQQ__NetTotal__c: Amount = None
    SBQQ__RequiredBy__c: Text = None
    SBQQ__Group__c: Text = None


class Subscription(Charged):
    """SBQQ__Subscription__c."""

    SBQQ__QuoteLine__c: Text = None
    SBQQ__TerminatedDate__c: Day = None
    CurrencyIsoCode: Text = None


class Included(Native):
    """The organisation's own field for units of usage that cost nothing extra."""

    quantity: Amount = None


class ModelLine(Native):
    """An entry of QuoteModel.lineItems; an unsaved line has only its key."""

    record: dict[str, Any]
    key: Text = None
    parentItemKey: Text = None


class ModelGroup(Native):
    """An entry of QuoteModel.lineItemGroups."""

    record: dict[str, Any]


class QuoteModel(Native):
    """The calculator's view of a quote (CPQ API); it may travel as a JSON string inside JSON."""

    record: dict[str, Any]
    lineItems: Annotated[list[ModelLine], Field(max_length=LINES_MAX)] | None = None
    lineItemGroups: list[ModelGroup] | None = None
    netTotal: Amount = None


class Accepted(Native):
    """`data.quote` of a generic acceptance."""

    number: NeedText
    revision: Annotated[int, Field(strict=True, ge=0, lt=2**31)]
    kind: NeedText
    opportunity_id: Text = None
    customer_id: Text = None
    amends_contract: Text = None
    currency: Text = None
    start_date: Day = None
    end_date: Day = None
    total: Amount = None


class AcceptedLine(Native):
    """An entry of `data.lines`; `net_unit_price` is for `term_months` months where that is given."""

    line_id: NeedText
    sku: NeedText
    charge: NeedText
    quantity: Amount = None
    net_unit_price: Amount = None
    term_months: Annotated[int, Field(strict=True, gt=0, le=1200)] | None = None
    net_total: Amount = None
    included_quantity: Amount = None
    overage_price: Amount = None
    start: Day = None
    end: Day = None


class Acceptance(Native):
    """`data` of a generic acceptance."""

    quote: Accepted
    lines: Annotated[list[AcceptedLine], Field(max_length=LINES_MAX)]


class Event(Native):
    """The CloudEvent around it."""

    id: NeedText
    source: NeedText
    type: NeedText
    time: Zoned
    data: Any = None
