"""Native Zuora payloads: thin callouts, and the v1 REST documents that are read after them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from agents.simulator.bills import TAX_RATE, Bill, Item, credit_number, refund_number, tax_of
from agents.simulator.company import CALLS, ONBOARDING, SEATS, Deal, at
from agents.simulator.identifiers import digest, number, stamp, zoned
from models.calendar import DAY, month_start

TENANT, TENANT_ID = "sim-prod-7001", "7001"
NAMES = {SEATS: "Seats", ONBOARDING: "Onboarding", CALLS: "API overage"}
_LABELS = {
    SEATS: "Analytics Platform, seat, annual",
    ONBOARDING: "Onboarding, standard package",
    CALLS: "API calls above 100,000 a month",
}
_TYPES = {SEATS: ("Recurring", "Seat"), ONBOARDING: ("OneTime", ""), CALLS: ("Usage", "Call")}
CHARGES = {SEATS: 1, ONBOARDING: 2, CALLS: 3}

Payload = dict[str, Any]


def read(object_: str, key: str, at_: datetime, record: Payload, because: str | None = None) -> Payload:
    header = {"system": "zuora", "tenant": TENANT, "object": object_, "key": key, "op": "upsert"}
    return {"read": {**header, "read_at": stamp(at_), "because": because}, "record": record}


def event_id(deal: Deal, at_: datetime, object_id: str) -> str:
    return digest(deal.subscription, at_, object_id)


def callout(deal: Deal, type_: str, at_: datetime, object_id: str, version: int | None = None, invoice: str = "") -> Payload:
    """A notification with ids only; every value is a string."""
    fields = {
        "eventId": event_id(deal, at_, object_id),
        "eventType": type_,
        "eventTime": stamp(at_),
        "tenantId": TENANT_ID,
        "accountNumber": deal.account,
        "subscriptionNumber": deal.subscription,
    }
    if version is None:
        return {**fields, "invoiceNumber": invoice, "objectId": object_id}
    return {**fields, "subscriptionVersion": str(version), "objectId": object_id, "invoiceNumber": ""}


def invoice_id(bill: Bill) -> str:
    return bill.deal.key("invoice", bill.rank)


def charge_id(deal: Deal, product: str) -> str:
    """The id of a product's first charge, which later segments keep as their original."""
    return deal.key("charge", product)


def invoice(bill: Bill, at_: datetime, updated: datetime, status: str = "Posted", paid: bool = False, erp: bool = False) -> Payload:
    """An invoice with its items; `erp` tells that the accounting transfer has answered."""
    deal, because = bill.deal, event_id(bill.deal, bill.posted_at, invoice_id(bill))
    opened = status == "Posted" and not paid
    record = {
        "id": invoice_id(bill),
        "invoiceNumber": bill.number,
        "accountId": deal.key("account"),
        "accountNumber": deal.account,
        "amount": bill.gross,
        "amountWithoutTax": bill.net,
        "taxAmount": bill.tax,
        "discount": Decimal("0.00"),
        "invoiceDate": bill.dated.isoformat(),
        "dueDate": (bill.dated + timedelta(days=30)).isoformat(),
        "status": status,
        "balance": bill.gross if opened else Decimal("0.00"),
        "currency": deal.currency_billed,
        "targetDate": bill.dated.isoformat(),
        "postedDate": bill.dated.isoformat(),
        "transferredToAccounting": "Yes" if erp else "No",
        "IntegrationId__NS": bill.erp_id if erp else None,
        "IntegrationStatus__NS": "Success" if erp else None,
        "sourceType": "Subscription",
        "source": "BillRun",
        "createdDate": zoned(bill.posted_at),
        "updatedDate": zoned(updated),
        "invoiceItems": [_invoice_item(bill, line, item, opened) for line, item in enumerate(bill.items)],
        "success": True,
    }
    return read("invoice", bill.number, at_, record, because if updated == bill.posted_at else None)


def _invoice_item(bill: Bill, line: int, item: Item, opened: bool) -> Payload:
    deal, (type_, unit) = bill.deal, _TYPES[item.product]
    return {
        "id": deal.key("item", bill.rank, line),
        "subscriptionName": deal.subscription,
        "subscriptionId": deal.key("version", 1),
        "serviceStartDate": item.first.isoformat(),
        "serviceEndDate": item.last.isoformat(),
        "balance": item.net if opened else Decimal("0.00"),
        "chargeAmount": item.net,
        "chargeName": NAMES[item.product],
        "chargeType": type_,
        "processingType": "Charge",
        "chargeId": charge_id(deal, item.product),
        "productName": _LABELS[item.product],
        "quantity": item.quantity,
        "taxAmount": item.tax,
        "unitOfMeasure": unit,
        "unitPrice": item.price,
        "appliedToItemId": None,
        "taxationItems": {"data": [_taxation(bill, line, item)]},
    }


def _taxation(bill: Bill, line: int, item: Item) -> Payload:
    return {
        "id": bill.deal.key("taxation", bill.rank, line),
        "name": "VAT DE",
        "jurisdiction": "Germany",
        "taxCode": "DE-STD",
        "taxRate": TAX_RATE,
        "taxRateType": "Percentage",
        "taxAmount": item.tax,
        "exemptAmount": 0,
        "taxDate": bill.dated.isoformat(),
    }


def payment(bill: Bill, at_: datetime, created: datetime, settled: datetime | None) -> Payload:
    """An electronic payment applied to one invoice: Submitted to the gateway, later Settled by it."""
    deal = bill.deal
    record = {
        "id": deal.key("payment", bill.rank),
        "number": bill.payment,
        "status": "Processed",
        "type": "Electronic",
        "accountId": deal.key("account"),
        "accountNumber": deal.account,
        "amount": bill.gross,
        "appliedAmount": bill.gross,
        "unappliedAmount": Decimal("0.00"),
        "refundAmount": Decimal("0.00"),
        "currency": deal.currency_billed,
        "effectiveDate": created.date().isoformat(),
        "gatewayOrderId": bill.number,
        "gatewayState": "Settled" if settled else "Submitted",
        "referenceId": gateway_reference(deal, "payment", bill.rank),
        "settledOn": zoned(settled) if settled else None,
        "createdDate": zoned(created),
        "updatedDate": zoned(settled or created),
        "parts": [
            {
                "id": deal.key("part", bill.rank),
                "invoiceId": invoice_id(bill),
                "invoiceNumber": bill.number,
                "amount": bill.gross,
            }
        ],
        "success": True,
    }
    return read("payment", bill.payment, at_, record)


def gateway_reference(deal: Deal, *parts: object) -> str:
    """Sixteen digits, as the gateway numbers its payments."""
    return str(8_000_000_000_000_000 + number(999_999_999_999_999, deal.seed, deal.index, *parts))


def credit_memo(deal: Deal, credited: Bill, at_: datetime, updated: datetime, refunded: bool) -> Payload:
    """A posted credit memo; its amounts are positive."""
    assert deal.credit
    posted, net = at(deal.credit.on, 11), deal.credit.net
    tax = tax_of(net)
    record = {
        "id": deal.key("credit"),
        "number": credit_number(deal),
        "accountId": deal.key("account"),
        "accountNumber": deal.account,
        "currency": deal.currency_billed,
        "creditMemoDate": deal.credit.on.isoformat(),
        "status": "Posted",
        "amount": net + tax,
        "taxAmount": tax,
        "appliedAmount": Decimal("0.00"),
        "unappliedAmount": Decimal("0.00") if refunded else net + tax,
        "refundAmount": net + tax if refunded else Decimal("0.00"),
        "referredInvoiceId": invoice_id(credited),
        "referredInvoiceNumber": credited.number,
        "reasonCode": "Service level",
        "sourceType": "Invoice",
        "reversed": False,
        "transferredToAccounting": "No",
        "items": [_credit_item(deal, net, tax)],
        "createdDate": zoned(posted),
        "updatedDate": zoned(updated),
        "success": True,
    }
    because = None if refunded else event_id(deal, posted, credit_number(deal))
    return read("creditmemo", credit_number(deal), at_, record, because)


def credited_month(day: date) -> tuple[date, date]:
    """First and last day of the month before `day`."""
    last = day.replace(day=1) - DAY
    return month_start(f"{last:%Y-%m}"), last


def _credit_item(deal: Deal, net: Decimal, tax: Decimal) -> Payload:
    assert deal.credit
    first, last = credited_month(deal.credit.on)
    return {
        "id": deal.key("credit-item"),
        "amount": net,
        "taxItems": [{"name": "VAT DE", "taxAmount": tax, "taxRate": TAX_RATE}],
        "skuName": SEATS,
        "comment": f"Service credit, outage of {first:%B %Y}",
        "serviceStartDate": first.isoformat(),
        "serviceEndDate": last.isoformat(),
        "subscriptionId": deal.key("version", 1),
    }


def refund(deal: Deal, credited: Bill, at_: datetime, created: datetime) -> Payload:
    """A refund out of the credit memo, settled by the gateway."""
    assert deal.credit
    record = {
        "id": deal.key("refund"),
        "number": refund_number(deal),
        "status": "Processed",
        "type": "Electronic",
        "accountId": deal.key("account"),
        "amount": deal.credit.net + tax_of(deal.credit.net),
        "refundDate": created.date().isoformat(),
        "paymentId": deal.key("payment", credited.rank),
        "creditMemoId": deal.key("credit"),
        "creditMemoNumber": credit_number(deal),
        "currency": deal.currency_billed,
        "reasonCode": "Service level",
        "gatewayState": "Settled",
        "referenceId": gateway_reference(deal, "refund"),
        "createdDate": zoned(created),
        "updatedDate": zoned(created),
        "success": True,
    }
    return read("refund", refund_number(deal), at_, record)
