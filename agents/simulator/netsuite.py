"""Native NetSuite payloads: sales order, invoice, payment, credit memo, refund, revenue element and plan."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from agents.simulator.bills import Bill, Item, Obligation, credit_number, refund_number, tax_of
from agents.simulator.company import CALLS, ONBOARDING, SEATS, Deal
from agents.simulator.identifiers import minute, number, stamp
from agents.simulator.zuora import credited_month

ACCOUNT = "7100042"
SUBSIDIARY = "5"
CURRENCIES = {"USD": ("1", "US Dollar", Decimal("0.92")), "EUR": ("4", "Euro", Decimal("1.0"))}
ITEMS = {SEATS: "6388", ONBOARDING: "4951", CALLS: "1055"}
_HOST = f"https://{ACCOUNT}.suitetalk.api.netsuite.com/services/rest/record/v1"
_LABELS = {
    SEATS: "Analytics Platform, seat, annual",
    ONBOARDING: "Onboarding, standard package",
    CALLS: "API calls above 100,000 a month",
}

Payload = dict[str, Any]


def read(object_: str, key: str, at_: datetime, record: Payload) -> Payload:
    header = {"system": "netsuite", "tenant": ACCOUNT, "object": object_, "key": key, "op": "upsert"}
    return {"read": {**header, "read_at": stamp(at_), "because": None}, "record": record}


def _links(path: str) -> list[Payload]:
    return [{"rel": "self", "href": f"{_HOST}/{path}"}]


def linked(type_: str, id_: str, label: str) -> Payload:
    """A reference to another record; the label is for people, never a key."""
    return {"links": _links(f"{type_}/{id_}"), "id": id_, "refName": label}


def _customer(deal: Deal) -> Payload:
    return linked("customer", deal.customer_id, f"C-{deal.customer_id} {deal.customer}")


def _period(day: date) -> Payload:
    id_ = str(403 + (day.year - 2025) * 12 + day.month - 3)
    return linked("accountingperiod", id_, f"{day:%b %Y}")


def _named(name: str) -> Payload:
    return {"id": name, "refName": name}


def header(deal: Deal, type_: str, ids: tuple[str, str, str], dated: date, created: datetime, modified: datetime) -> Payload:
    """What every transaction begins with; `ids` are its internal id, document number and external id."""
    currency, label, rate = CURRENCIES[deal.currency_billed]
    return {
        "links": _links(f"{type_}/{ids[0]}?expandSubResources=true"),
        "id": ids[0],
        "tranId": ids[1],
        "externalId": ids[2],
        "createdDate": minute(created),
        "lastModifiedDate": minute(modified),
        "tranDate": dated.isoformat(),
        "currency": linked("currency", currency, label),
        "exchangeRate": rate,
        "entity": _customer(deal),
        "subsidiary": linked("subsidiary", SUBSIDIARY, "Sim Cloud GmbH"),
        "postingPeriod": _period(dated),
        "custbody_subscription_number": deal.subscription,
        "custbody_crm_opportunity": deal.crm("006", "sale"),
    }


def _item(line: int, item: Item, label: str | None = None) -> Payload:
    return {
        "line": line,
        "item": {"id": ITEMS[item.product], "refName": item.product},
        "description": label or _LABELS[item.product],
        "quantity": item.quantity,
        "rate": item.price,
        "amount": item.net,
        "tax1Amt": item.tax,
        "taxRate1": 19,
        "custcol_rev_start": item.first.isoformat(),
        "custcol_rev_end": item.last.isoformat(),
        "isClosed": False,
    }


def _items(items: Collection[Item]) -> Payload:
    return {"items": [_item(line, item) for line, item in enumerate(items, 1)], "totalResults": len(items)}


def order_ids(deal: Deal, kind: str) -> tuple[str, str, str]:
    rank = deal.index * 10 + (kind == "renewal")
    return str(500_000 + rank), f"SO{100_000 + rank}", deal.order_number(kind)


def sales_order(deal: Deal, kind: str, items: list[Item], at_: datetime) -> Payload:
    """The committed part of a sale (or of a renewal billed by month) over its whole term."""
    made = at_ - timedelta(minutes=3)
    net = sum((item.net for item in items), Decimal("0.00"))
    tax = sum((item.tax for item in items), Decimal("0.00"))
    ids = order_ids(deal, kind)
    record = {
        **header(deal, "salesOrder", ids, items[0].first, made, made),
        "status": {"id": "F", "refName": "Pending Billing"},
        "orderStatus": {"id": "F", "refName": "F"},
        "subtotal": net,
        "discountTotal": Decimal("0.00"),
        "taxTotal": tax,
        "total": net + tax,
        "startDate": items[0].first.isoformat(),
        "endDate": items[0].last.isoformat(),
        "otherRefNum": deal.quote_number(kind),
        "item": _items(items),
    }
    return read("salesOrder", ids[0], at_, record)


def invoice_label(bill: Bill) -> str:
    return f"INV{bill.erp_id}"


def invoice(bill: Bill, at_: datetime, created: datetime, modified: datetime, paid: bool) -> Payload:
    """The booked invoice; externalId is billing's number."""
    gross, nothing = bill.gross, Decimal("0.00")
    ids = (bill.erp_id, invoice_label(bill), bill.number)
    record = {
        **header(bill.deal, "invoice", ids, bill.dated, created, modified),
        "dueDate": (bill.dated + timedelta(days=30)).isoformat(),
        "status": _named("Paid In Full" if paid else "Open"),
        "subtotal": bill.net,
        "discountTotal": nothing,
        "taxTotal": bill.tax,
        "total": gross,
        "amountPaid": gross if paid else nothing,
        "amountRemaining": nothing if paid else gross,
        "item": _items(bill.items),
    }
    kind = {"first": "sale", "recurring": "sale", "renewal": "renewal" if bill.deal.monthly else ""}.get(bill.role)
    if kind:
        id_, label, _ = order_ids(bill.deal, kind)
        record["createdFrom"] = linked("salesorder", id_, f"Sales Order #{label}")
    return read("invoice", bill.erp_id, at_, record)


def payment_id(bill: Bill) -> str:
    return str((70_000 + bill.deal.index) * 1000 + bill.rank)


def payment(bill: Bill, at_: datetime, created: datetime) -> Payload:
    """A customer payment applied to one invoice."""
    deal, gross, id_ = bill.deal, bill.gross, payment_id(bill)
    applied = {"line": 0, "apply": True, "doc": {"id": bill.erp_id, "refName": f"Invoice #{invoice_label(bill)}"}, "amount": gross}
    record = {
        **header(deal, "customerPayment", (id_, f"PYMT{id_}", bill.payment), created.date(), created, created),
        "customer": _customer(deal),
        "payment": gross,
        "applied": gross,
        "unapplied": Decimal("0.00"),
        "total": gross,
        "status": _named("Deposited"),
        "account": {"id": "119", "refName": f"1200 Bank {deal.currency_billed}"},
        "apply": {"items": [{**applied, "currency": deal.currency_billed}]},
    }
    return read("customerPayment", id_, at_, record)


def _credit_ids(deal: Deal) -> tuple[str, str, str]:
    return str(620_000 + deal.index), f"CM{620_000 + deal.index}", credit_number(deal)


def credit_memo(deal: Deal, credited: Bill, at_: datetime, created: datetime, modified: datetime, applied: bool) -> Payload:
    """A credit memo; its total is positive."""
    assert deal.credit
    net, nothing = deal.credit.net, Decimal("0.00")
    gross, ids, (first, last) = net + tax_of(net), _credit_ids(deal), credited_month(deal.credit.on)
    memo = f"Service credit, outage of {first:%B %Y}"
    record = {
        **header(deal, "creditMemo", ids, deal.credit.on, created, modified),
        "status": _named("Fully Applied" if applied else "Open"),
        "subtotal": net,
        "taxTotal": tax_of(net),
        "total": gross,
        "applied": gross if applied else nothing,
        "unapplied": nothing if applied else gross,
        "amountRemaining": nothing if applied else gross,
        "memo": memo,
        "createdFrom": linked("invoice", credited.erp_id, f"Invoice #{invoice_label(credited)}"),
        "item": {"items": [_item(1, Item(SEATS, 1, net, net, first, last), memo)], "totalResults": 1},
        "apply": {"items": []},
    }
    return read("creditMemo", ids[0], at_, record)


def refund(deal: Deal, at_: datetime, created: datetime) -> Payload:
    """A customer refund applied to the credit memo."""
    assert deal.credit
    id_, label, _ = _credit_ids(deal)
    gross, own = deal.credit.net + tax_of(deal.credit.net), str(730_000 + deal.index)
    record = {
        **header(deal, "customerRefund", (own, f"RFND{own}", refund_number(deal)), created.date(), created, created),
        "total": gross,
        "status": _named("Deposited"),
        "apply": {"items": [{"line": 0, "apply": True, "doc": {"id": id_, "refName": f"Credit Memo #{label}"}, "amount": gross}]},
    }
    return read("customerRefund", own, at_, record)


def element(owed: Obligation, returned: str | None, at_: datetime, modified: datetime) -> Payload:
    """A revenue element: the promise with its price, fair value and allocation; all values are strings."""
    deal, id_ = owed.deal, f"8{owed.erp_id}"
    currency, _, rate = CURRENCIES[deal.currency_billed]
    sold = owed.source_type in ("Sales Order Line", "Credit Memo Line")
    record = {
        "revenue_element_id": id_,
        "revenue_element_number": f"RE{id_}",
        "revenue_arrangement_id": f"RA{10_000 + deal.index}" if sold else f"RA{owed.source[3:]}",
        "source_type": owed.source_type,
        "source_id": owed.source,
        "source_date": owed.first.isoformat(),
        "item_id": ITEMS[owed.product],
        "item_name": owed.product,
        "entity_id": deal.customer_id,
        "subsidiary_id": SUBSIDIARY,
        "currency_id": currency,
        "exchange_rate": "1" if deal.currency_billed == "EUR" else f"{rate}",
        "discounted_sales_amount": f"{owed.price}",
        "fair_value": f"{owed.fair}",
        "allocation_amount": f"{owed.allocated}",
        "rev_rec_rule_id": "daily-exact",
        "start_date": owed.first.isoformat(),
        "end_date": owed.last.isoformat(),
        "is_hold_rev_rec": "F",
        "return_revenue_element_id": returned,
        "last_merge_from_arrangement_id": None,
        "accounting_book_id": "1",
        "custrecord_subscription_number": deal.subscription,
        "lastmodifieddate": minute(modified),
    }
    return read("revenueElement", id_, at_, record)


def plan(owed: Obligation, posted: Collection[str], at_: datetime, modified: datetime) -> Payload:
    """A revenue plan with one line a month; those in `posted` are recognised and have their journal."""
    deal, id_ = owed.deal, f"9{owed.erp_id}"
    lines = [_plan_line(owed, month, amount, month in posted) for month, amount in owed.rows]
    record = {
        "plan_id": id_,
        "plan_number": f"RP{id_}",
        "revenue_element_id": f"8{owed.erp_id}",
        "revenue_plan_type": "ACTUAL",
        "revenue_plan_status": "In Progress" if posted else "Not Started",
        "currency_id": CURRENCIES[deal.currency_billed][0],
        "amount": f"{owed.allocated}",
        "is_hold_rev_rec": "F",
        "accounting_book_id": "1",
        "lastmodifieddate": minute(modified),
        "lines": lines,
    }
    return read("revenuePlan", id_, at_, record)


def _plan_line(owed: Obligation, month: str, amount: Decimal, posted: bool) -> Payload:
    journal = str(100_000 + number(900_000, owed.deal.seed, owed.erp_id, month)) if posted else None
    return {"accounting_period": month, "amount": f"{amount}", "is_recognized": "T" if posted else "F", "journal_id": journal}
