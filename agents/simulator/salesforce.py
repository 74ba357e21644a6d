"""Native Salesforce payloads: change events in the relay and the Pub/Sub form, and orders as a REST read gives them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from agents.simulator.bills import Item
from agents.simulator.company import Deal, at
from agents.simulator.identifiers import digest, epoch_ms, number, salesforce_id, stamp, transaction_key, with_checksum
from models.calendar import DAY

ORGANISATION = with_checksum("00DSM0000000001")
_USER = salesforce_id("005", "owner")
_ORIGIN = "com/salesforce/api/rest/63.0;client=SfdcInternalAPI/"

Payload = dict[str, Any]


def product_id(product: str) -> str:
    """The id of a product in the CRM, the same for every contract."""
    return salesforce_id("01t", product)


def read(object_: str, key: str, at_: datetime, record: Payload) -> Payload:
    """The envelope of an enrichment read in the organisation of CRM and CPQ."""
    header = {"system": "salesforce", "tenant": ORGANISATION, "object": object_, "key": key, "op": "upsert"}
    return {"read": {**header, "read_at": stamp(at_), "because": None}, "record": record}


def attributes(object_: str, id_: str) -> Payload:
    return {"type": object_, "url": f"/services/data/v63.0/sobjects/{object_}/{id_}"}


def rest_stamp(at_: datetime) -> str:
    return at_.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _header(entity: str, record_id: str, change: str, at_: datetime) -> Payload:
    return {
        "entityName": entity,
        "recordIds": [record_id],
        "changeType": change,
        "changeOrigin": _ORIGIN,
        "transactionKey": transaction_key(record_id, at_),
        "sequenceNumber": 1,
        "commitTimestamp": epoch_ms(at_),
        # Beyond 2^53, as in the field: whoever reads it through a float loses it.
        "commitNumber": epoch_ms(at_) * 1_000_000 + number(1_000_000, record_id, at_),
        "commitUser": _USER,
    }


def relay(entity: str, record_id: str, at_: datetime, fields: Payload, created: bool = False) -> Payload:
    """A change event as an event relay hands it on: only changed fields, dates as text."""
    stamps = {"LastModifiedDate": at_.strftime("%Y-%m-%dT%H:%M:%S.000Z")}
    if created:
        stamps = {"CreatedDate": stamps["LastModifiedDate"], **stamps}
    body = {**fields, **stamps}
    changed = [] if created else list(body)
    return {**body, "ChangeEventHeader": {**_header(entity, record_id, "CREATE" if created else "UPDATE", at_), "changedFields": changed}}


def account(deal: Deal, at_: datetime) -> Payload:
    address = {"Street": f"Musterweg {deal.index + 1}", "City": deal.city, "PostalCode": deal.postal_code, "Country": "Germany"}
    fields = {
        "Name": deal.customer,
        "AccountNumber": f"D-{10_000 + deal.index}",
        "CurrencyIsoCode": deal.currency,
        "BillingAddress": address,
        "VAT_Number__c": f"DE{900_000_000 + deal.index}",
    }
    return relay("Account", deal.crm("001"), at_, fields, created=True)


def opportunity(deal: Deal, kind: str, at_: datetime, amount: Decimal, won: bool, close: date) -> Payload:
    """An opportunity as Pub/Sub delivers its creation; `kind` is sale, amendment or renewal."""
    name, type_ = {
        "sale": ("Analytics Platform", "New Business"),
        "amendment": ("more seats", "Upsell"),
        "renewal": ("renewal", "Renewal"),
    }[kind]
    header = {**_header("Opportunity", deal.crm("006", kind), "CREATE", at_), "nulledFields": [], "diffFields": [], "changedFields": []}
    stage = {
        "StageName": "Closed Won" if won else "Qualification",
        "Amount": amount,
        "Probability": 100 if won else 20,
        "CloseDate": epoch_ms(at(close, 0)),
    }
    closed = {"IsClosed": won, "IsWon": won, "ForecastCategory": "Closed" if won else "Pipeline"}
    return {
        "ChangeEventHeader": header,
        "AccountId": deal.crm("001"),
        "IsPrivate": False,
        "Name": f"{deal.customer} - {name}",
        "Description": None,
        **stage,
        "Type": type_,
        "NextStep": None,
        "LeadSource": None,
        **closed,
        "CampaignId": None,
        "HasOpportunityLineItem": True,
        "Pricebook2Id": None,
        "OwnerId": _USER,
        "CurrencyIsoCode": deal.currency,
        "CreatedDate": epoch_ms(at_),
        "CreatedById": _USER,
        "LastModifiedDate": epoch_ms(at_),
        "LastModifiedById": _USER,
        "ContactId": None,
        "ContractId": None if kind == "sale" else deal.crm("800"),
    }


def opportunity_won(deal: Deal, at_: datetime, amount: Decimal) -> Payload:
    won = {"StageName": "Closed Won", "IsClosed": True, "IsWon": True, "Probability": 100}
    fields = {**won, "Amount": amount, "CloseDate": at_.date().isoformat()}
    return relay("Opportunity", deal.crm("006", "sale"), at_, fields)


def contract_activated(deal: Deal, at_: datetime) -> Payload:
    fields = {
        "AccountId": deal.crm("001"),
        "ContractNumber": deal.contract_number,
        "Status": "Activated",
        "StatusCode": "Activated",
        "StartDate": deal.start.isoformat(),
        "EndDate": (deal.until - DAY).isoformat(),
        "ContractTerm": 12,
        "CurrencyIsoCode": deal.currency,
        "SBQQ__Opportunity__c": deal.crm("006", "sale"),
        "SBQQ__Quote__c": deal.crm("a0q", "sale"),
        "ActivatedDate": at_.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    return relay("Contract", deal.crm("800"), at_, fields, created=True)


def contract_changed(deal: Deal, at_: datetime, fields: Payload) -> Payload:
    """An update of the CRM contract: extended, terminated, or another status."""
    return relay("Contract", deal.crm("800"), at_, fields)


def order(deal: Deal, kind: str, at_: datetime, items: list[tuple[Item, Decimal]]) -> Payload:
    """An activated order; each item comes with its total for the whole term."""
    id_ = deal.crm("801", kind)
    lines = [_order_item(deal, kind, item, total) for item, total in items]
    record = {
        "attributes": attributes("Order", id_),
        "Id": id_,
        "OrderNumber": f"{100_000 + deal.index * 10 + (kind == 'amendment'):08d}",
        "AccountId": deal.crm("001"),
        "ContractId": deal.crm("800"),
        "OpportunityId": deal.crm("006", kind),
        "Type": "New" if kind == "sale" else "Amendment",
        "Status": "Activated",
        "StatusCode": "Activated",
        "EffectiveDate": items[0][0].first.isoformat(),
        "EndDate": (deal.until - DAY).isoformat(),
        "CurrencyIsoCode": deal.currency,
        "TotalAmount": sum((total for _, total in items), Decimal("0.00")),
        "IsReductionOrder": False,
        "OriginalOrderId": None,
        "SBQQ__Quote__c": deal.crm("a0q", kind),
        "CreatedDate": rest_stamp(at_),
        "LastModifiedDate": rest_stamp(at_),
        "SystemModstamp": rest_stamp(at_),
        "OrderItems": {"totalSize": len(lines), "done": True, "records": lines},
    }
    return read("Order", id_, at_, record)


def _order_item(deal: Deal, kind: str, item: Item, total: Decimal) -> Payload:
    id_ = deal.crm("802", kind, item.product)
    return {
        "attributes": attributes("OrderItem", id_),
        "Id": id_,
        "OrderItemNumber": str(1_000_000_000 + number(9_000_000_000, digest(id_))),
        "Product2Id": product_id(item.product),
        "ProductCode__c": item.product,
        "Quantity": item.quantity,
        "UnitPrice": item.price,
        "TotalPrice": total,
        "ServiceDate": item.first.isoformat(),
        "EndDate": item.last.isoformat(),
    }
