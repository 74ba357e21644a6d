"""Native Salesforce CPQ payloads: accepted quotes with their lines, and the rows contracted from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from agents.simulator.bills import Item
from agents.simulator.company import CALL_PRICE, CALLS, CENT, INCLUDED_CALLS, ONBOARDING, ONBOARDING_LIST, SEATS, Deal
from agents.simulator.identifiers import number
from agents.simulator.salesforce import attributes, product_id, read, rest_stamp
from models.calendar import DAY, add_months

Payload = dict[str, Any]

_NAMES = {
    SEATS: "Analytics Platform, seat, annual",
    ONBOARDING: "Onboarding, standard package",
    CALLS: "API calls above 100,000 a month",
}
# One list price for everybody, whatever was negotiated: by year, and by month where the deal is.
_LIST = Decimal("600.00")


@dataclass(frozen=True)
class QuoteLine:
    """An item as sold; `total` for its whole term, `multiplier` such that price x quantity x multiplier = total."""

    item: Item
    total: Decimal
    multiplier: Decimal | int
    prior: int | None = None


def sold_lines(deal: Deal, kind: str) -> list[QuoteLine]:
    """What the quote of `kind` (sale, amendment, renewal) lists: deltas on an amendment, else absolute figures."""
    if kind == "amendment":
        return [_added(deal)]
    first = deal.start if kind == "sale" else deal.until
    last = add_months(first, 12, deal.start.day) - DAY
    sale = kind == "sale"
    quantity, price = (deal.quantity, deal.price) if sale else (deal.seats_renewed, deal.renewal_price)
    unit = (price / 12).quantize(CENT) if deal.monthly else price
    lines = [QuoteLine(Item(SEATS, quantity, unit, unit * quantity, first, last), price * quantity, 12 if deal.monthly else 1)]
    if sale and deal.onboarding:
        lines.append(QuoteLine(Item(ONBOARDING, 1, deal.onboarding, deal.onboarding, first, first), deal.onboarding, 1))
    if deal.metered:
        lines.append(QuoteLine(Item(CALLS, 1, CALL_PRICE, Decimal("0.00"), first, last), Decimal("0.00"), 1))
    return lines


def _added(deal: Deal) -> QuoteLine:
    assert deal.amendment
    added, last = deal.amendment, deal.until - DAY
    share = Decimal((deal.until - added.effective).days) / 365
    item = Item(SEATS, added.seats, deal.price, deal.amendment_net, added.effective, last)
    return QuoteLine(item, deal.amendment_net, share.quantize(Decimal("1E-10")), deal.quantity)


def total(lines: list[QuoteLine]) -> Decimal:
    return sum((line.total for line in lines), Decimal("0.00"))


def quote(deal: Deal, kind: str, at_: datetime) -> Payload:
    """An accepted, primary quote."""
    id_, lines = deal.crm("a0q", kind), sold_lines(deal, kind)
    records = [_quote_line(deal, kind, line) for line in lines]
    record = {
        "attributes": attributes("SBQQ__Quote__c", id_),
        "Id": id_,
        "Name": deal.quote_number(kind),
        "SBQQ__Primary__c": True,
        "SBQQ__Status__c": "Accepted",
        "SBQQ__Type__c": {"sale": "Quote", "amendment": "Amendment", "renewal": "Renewal"}[kind],
        "SBQQ__Opportunity2__c": deal.crm("006", kind),
        "SBQQ__Account__c": deal.crm("001"),
        "SBQQ__MasterContract__c": None if kind == "sale" else deal.crm("800"),
        "SBQQ__StartDate__c": lines[0].item.first.isoformat(),
        "SBQQ__EndDate__c": lines[0].item.last.isoformat(),
        "SBQQ__SubscriptionTerm__c": 12,
        "SBQQ__NetAmount__c": total(lines),
        "SBQQ__Ordered__c": True,
        "CurrencyIsoCode": deal.currency,
        "LastModifiedDate": rest_stamp(at_),
        "SystemModstamp": rest_stamp(at_),
        "SBQQ__LineItemCount__c": len(records),
        "SBQQ__LineItems__r": {"totalSize": len(records), "done": True, "records": records},
    }
    return read("SBQQ__Quote__c", id_, at_, record)


def _quote_line(deal: Deal, kind: str, line: QuoteLine) -> Payload:
    item, id_ = line.item, deal.crm("a0v", kind, line.item.product)
    charge, frequency, timing = _charged(deal, item.product)
    record = {
        "attributes": attributes("SBQQ__QuoteLine__c", id_),
        "Id": id_,
        "Name": f"QL-{1_000_000 + number(9_000_000, id_)}",
        "SBQQ__Quote__c": deal.crm("a0q", kind),
        "SBQQ__Product__c": product_id(item.product),
        "SBQQ__ProductCode__c": item.product,
        "SBQQ__ProductName__c": _NAMES[item.product],
        "SBQQ__Quantity__c": item.quantity,
        "SBQQ__PriorQuantity__c": line.prior,
        "SBQQ__ChargeType__c": charge,
        "SBQQ__BillingFrequency__c": frequency,
        "SBQQ__BillingType__c": timing,
        **_prices(deal, item),
        "SBQQ__ProrateMultiplier__c": line.multiplier,
        "SBQQ__NetTotal__c": line.total,
        "SBQQ__StartDate__c": item.first.isoformat(),
        "SBQQ__EndDate__c": None if item.product == ONBOARDING else item.last.isoformat(),
        "SBQQ__RequiredBy__c": None,
        "SBQQ__Existing__c": False,
        "SBQQ__UpgradedSubscription__c": None,
        "CurrencyIsoCode": deal.currency,
    }
    return {**record, "Included_Quantity__c": INCLUDED_CALLS} if item.product == CALLS else record


def _charged(deal: Deal, product: str) -> tuple[str, str | None, str]:
    """(charge type, billing frequency, billing type) of a product."""
    if product == ONBOARDING:
        return "One-Time", None, "Advance"
    if product == CALLS:
        return "Usage", "Monthly", "Arrears"
    return "Recurring", "Monthly" if deal.monthly else "Annual", "Advance"


def _prices(deal: Deal, item: Item) -> Payload:
    list_price = item.price
    if item.product == SEATS:
        list_price = (_LIST / 12).quantize(CENT) if deal.monthly else _LIST
    elif item.product == ONBOARDING:
        list_price = ONBOARDING_LIST
    return {
        "SBQQ__ListPrice__c": list_price,
        "SBQQ__RegularPrice__c": list_price,
        "SBQQ__CustomerPrice__c": item.price,
        "SBQQ__PartnerPrice__c": item.price,
        "SBQQ__NetPrice__c": item.price,
    }


def contracted(deal: Deal, at_: datetime, amended: bool = False, terminated: date | None = None) -> Payload:
    """The subscription rows of the contract; an amendment adds a delta row, a termination dates every row."""
    kinds = ["sale", "amendment"] if amended else ["sale"]
    lines = [(kind, line) for kind in kinds for line in sold_lines(deal, kind) if line.item.product != ONBOARDING]
    rows = [_row(deal, kind, line.item, at_, terminated) for kind, line in lines]
    return read("SBQQ__Subscription__c", deal.crm("800"), at_, {"totalSize": len(rows), "done": True, "records": rows})


def _row(deal: Deal, kind: str, item: Item, at_: datetime, terminated: date | None) -> Payload:
    id_ = deal.crm("a0x", kind, item.product)
    return {
        "attributes": attributes("SBQQ__Subscription__c", id_),
        "Id": id_,
        "SBQQ__Contract__c": deal.crm("800"),
        "SBQQ__QuoteLine__c": deal.crm("a0v", kind, item.product),
        "SBQQ__ProductCode__c": item.product,
        "SBQQ__Quantity__c": item.quantity,
        "SBQQ__NetPrice__c": item.price,
        "SBQQ__StartDate__c": item.first.isoformat(),
        "SBQQ__EndDate__c": item.last.isoformat(),
        "SBQQ__TerminatedDate__c": terminated.isoformat() if terminated else None,
        "SBQQ__RequiredById__c": None,
        "SBQQ__RevisedSubscription__c": None if kind == "sale" else deal.crm("a0x", "sale", item.product),
        "CurrencyIsoCode": deal.currency,
        "LastModifiedDate": rest_stamp(at_),
    }
