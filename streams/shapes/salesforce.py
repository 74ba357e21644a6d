"""Salesforce's standard objects: their fields as checked shapes, and what of our documents each field asserts."""

from __future__ import annotations

from collections.abc import Mapping

from streams import native
from streams.cdc import Table
from streams.native import Amount, Day, Flag, Native, NeedText, Text

# Native field -> the fields of our document that it asserts; lookups that only join assert none.
FIELDS: Mapping[str, Table] = {
    "Opportunity": {
        "Amount": ("amount",),
        "CurrencyIsoCode": ("currency",),
        "CloseDate": ("closed_on",),
        "Type": ("change",),
        "HasOpportunityLineItem": ("has_lines",),
        "Name": ("name",),
        "AccountId": ("customer",),
        "ContractId": (),
    },
    "Contract": {
        "ContractNumber": ("number",),
        "StatusCode": ("status",),
        "StartDate": ("start",),
        "EndDate": ("until",),
        "CurrencyIsoCode": ("currency",),
        "AccountId": ("customer",),
    },
    "Order": {
        "OrderNumber": ("number",),
        "StatusCode": ("status",),
        "Type": ("change",),
        "EffectiveDate": ("span",),
        "EndDate": ("span",),
        "ActivatedDate": ("ordered_on",),
        "CurrencyIsoCode": ("currency",),
        "TotalAmount": ("net",),
        "AccountId": ("customer",),
        "ContractId": (),
        "OpportunityId": (),
        "OriginalOrderId": (),
    },
    "Account": {
        "Name": ("name",),
        "AccountNumber": ("number",),
        "BillingAddress": ("country",),
        "BillingAddress.Country": ("country",),
        "BillingCountry": ("country",),
        "CurrencyIsoCode": ("currency",),
        "MasterRecordId": ("merged_into",),
    },
}
# Native fields of which one part of our document is made: an event that names only some of them tears it.
PARTS = {"Order": frozenset({"EffectiveDate", "EndDate"})}


class Deal(Native):
    """Opportunity."""

    Amount: native.Amount = None
    CurrencyIsoCode: Text = None
    CloseDate: Day = None
    IsClosed: Flag = None
    Type: Text = None
    HasOpportunityLineItem: Flag = None
    Name: Text = None


class Contract(Native):
    """Contract; StatusCode is the fixed meaning of the free label Status."""

    ContractNumber: Text = None
    StatusCode: Text = None
    StartDate: Day = None
    EndDate: Day = None
    CurrencyIsoCode: Text = None


class Purchase(Native):
    """Order."""

    OrderNumber: Text = None
    StatusCode: Text = None
    Type: Text = None
    EffectiveDate: Day = None
    EndDate: Day = None
    ActivatedDate: Day = None
    CurrencyIsoCode: Text = None
    TotalAmount: Amount = None
    IsReductionOrder: Flag = None


class Item(Native):
    """OrderItem."""

    Id: NeedText
    Quantity: Amount = None
    UnitPrice: Amount = None
    TotalPrice: Amount = None
    ServiceDate: Day = None
    EndDate: Day = None
    Product2Id: Text = None
    SBQQ__QuoteLine__c: Text = None
    SBQQ__ChargeType__c: Text = None


class Address(Native):
    """The compound address of a change event; REST reads carry BillingCountry beside it."""

    Country: Text = None


class Account(Native):
    """Account."""

    Name: Text = None
    AccountNumber: Text = None
    BillingAddress: Address | None = None
    BillingCountry: Text = None
    CurrencyIsoCode: Text = None
