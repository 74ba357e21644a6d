"""Native Zuora subscriptions and orders: every version with its charge segments, and the order that made it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from agents.simulator.company import CALL_PRICE, CALLS, CENT, INCLUDED_CALLS, ONBOARDING, SEATS, Deal, by_days
from agents.simulator.identifiers import zoned
from agents.simulator.zuora import CHARGES, NAMES, charge_id, read
from models.calendar import DAY, Span, add_months

Payload = dict[str, Any]


@dataclass(frozen=True)
class Version:
    """What a subscription has gone through up to this version."""

    number: int
    amended: bool = False
    renewed: bool = False
    cancelled_on: date | None = None  # the day the cancellation was entered; it ends the term, never earlier


@dataclass(frozen=True)
class Segment:
    """A stretch of time in which a charge keeps its quantity and its yearly price."""

    quantity: int
    price: Decimal
    start: date
    until: date
    value: Decimal


def segments(deal: Deal, version: Version) -> list[Segment]:
    seats, price, change = deal.seats_billed, deal.price_billed, deal.until
    made = []
    if version.amended and deal.amendment:
        change = deal.amendment.effective
        more = deal.seats_renewed
        made.append(Segment(more, price, change, deal.until, by_days(more * price, Span(change, deal.until), deal)))
    made.insert(0, Segment(seats, price, deal.start, change, by_days(seats * price, Span(deal.start, change), deal)))
    if version.renewed:
        total = deal.seats_renewed * deal.renewal_price
        made.append(Segment(deal.seats_renewed, deal.renewal_price, deal.until, add_months(deal.until, 12, deal.start.day), total))
    return made


def _monthly(yearly: Decimal) -> Decimal | int:
    """A yearly amount by month without trailing zeros: 1000, 2347.5."""
    month = (yearly / 12).quantize(CENT)
    return int(month) if month == int(month) else month


def value(deal: Deal, version: Version) -> Decimal:
    """The total contracted value, over all terms so far."""
    worth = deal.total(deal.seats_billed, deal.price_billed)
    if version.amended:
        worth += deal.amendment_net
    return worth + (deal.seats_renewed * deal.renewal_price if version.renewed else 0)


def subscription(deal: Deal, version: Version, at_: datetime, created: datetime, updated: datetime, because: str) -> Payload:
    """One version as the v1 REST API gives it; its id is another one in each version."""
    until = add_months(deal.until, 12, deal.start.day) if version.renewed else deal.until
    now = segments(deal, version)[-1]
    record = {
        "success": True,
        "id": deal.key("version", version.number),
        "accountId": deal.key("account"),
        "accountNumber": deal.account,
        "accountName": deal.customer,
        "version": version.number,
        "revision": f"{version.number}.0",
        "originalId": deal.key("version", 1),
        "subscriptionNumber": deal.subscription,
        **_terms(deal, version, until),
        "currency": deal.currency_billed,
        "contractedMrr": 0 if version.cancelled_on else _monthly(now.quantity * now.price),
        "totalContractedValue": value(deal, version),
        "status": "Cancelled" if version.cancelled_on else "Active",
        "isLatestVersion": True,
        "paymentTerm": "Net 30",
        "OpportunityId__c": deal.crm("006", "sale"),
        "ContractNumber__c": deal.contract_number,
        "QuoteNumber__QT": deal.quote_number("sale"),
        "OpportunityName__QT": f"{deal.customer} - Analytics Platform",
        "createdDate": zoned(created),
        "updatedDate": zoned(updated),
        "ratePlans": [_rate_plan(deal, version, until)],
    }
    if version.cancelled_on:
        record |= {"cancelledDate": version.cancelled_on.isoformat(), "scheduledCancelDate": until.isoformat()}
    return read("subscription", deal.subscription, at_, record, because)


def _terms(deal: Deal, version: Version, until: date) -> Payload:
    """The dates of the subscription; termEndDate is the first day after the term."""
    start = deal.start.isoformat()
    return {
        "termType": "TERMED",
        "contractEffectiveDate": start,
        "serviceActivationDate": start,
        "customerAcceptanceDate": start,
        "subscriptionStartDate": start,
        "termStartDate": deal.until.isoformat() if version.renewed else start,
        "termEndDate": (until + timedelta(days=deal.term_shift_days)).isoformat(),
        "initialTerm": 12,
        "initialTermPeriodType": "Month",
        "currentTerm": 12,
        "currentTermPeriodType": "Month",
        "autoRenew": False,
        "renewalTerm": 12,
        "renewalTermPeriodType": "Month",
    }


def _rate_plan(deal: Deal, version: Version, until: date) -> Payload:
    charges = [_seats(deal, rank, part) for rank, part in enumerate(segments(deal, version), 1)]
    if deal.onboarding:
        charges.append(_once(deal, deal.onboarding))
    if deal.metered:
        charges.append(_overage(deal, until))
    return {
        "id": deal.key("plan", version.number),
        "productName": "Analytics Platform",
        "productSku": SEATS,
        "ratePlanName": f"{'Monthly' if deal.monthly else 'Annual'}, {deal.currency_billed}",
        "lastChangeType": "Update" if version.amended or version.renewed else "Add",
        "ratePlanCharges": charges,
    }


def _charge(deal: Deal, product: str, rank: int, start: date, until: date, own: Payload) -> Payload:
    """What all charges state, in the vendor's order, with what this one states of its own."""
    original = charge_id(deal, product)
    return {
        "id": original if rank == 1 else deal.key("charge", product, rank),
        "originalChargeId": original,
        "number": f"{deal.subscription}C-{CHARGES[product]}",
        "name": NAMES[product],
        **{key: own[key] for key in ("type", "model", "uom")},
        "version": rank,
        "segment": rank,
        "currency": deal.currency_billed,
        **{key: own[key] for key in ("price", "quantity", "billingPeriod", "billingTiming")},
        "effectiveStartDate": start.isoformat(),
        "effectiveEndDate": until.isoformat(),
        **{key: own.get(key) for key in ("includedUnits", "overagePrice")},
        **{key: own.get(key, 0) for key in ("mrr", "tcv")},
        "done": False,
    }


def _seats(deal: Deal, rank: int, part: Segment) -> Payload:
    unit = (part.price / 12).quantize(CENT) if deal.monthly else part.price
    own: Payload = {"type": "Recurring", "model": "PerUnit", "uom": "Seat", "price": unit, "quantity": part.quantity}
    own |= {"billingPeriod": "Month" if deal.monthly else "Annual", "billingTiming": "IN_ADVANCE"}
    own |= {"mrr": _monthly(part.quantity * part.price), "tcv": part.value}
    return _charge(deal, SEATS, rank, part.start, part.until, own)


def _once(deal: Deal, price: Decimal) -> Payload:
    own: Payload = {"type": "OneTime", "model": "FlatFee", "uom": None, "price": price, "quantity": 1}
    own |= {"billingPeriod": None, "billingTiming": "IN_ADVANCE", "tcv": price}
    return _charge(deal, ONBOARDING, 1, deal.start, deal.start + DAY, own)


def _overage(deal: Deal, until: date) -> Payload:
    own: Payload = {"type": "Usage", "model": "Overage", "uom": "Call", "price": None, "quantity": None}
    own |= {"billingPeriod": "Month", "billingTiming": "IN_ARREARS", "includedUnits": INCLUDED_CALLS, "overagePrice": CALL_PRICE}
    return _charge(deal, CALLS, 1, deal.start, until, own)


def order(deal: Deal, kind: str, version: int, at_: datetime, made: datetime, because: str) -> Payload:
    """The order behind a version; `kind` is sale, amendment, renewal or cancellation."""
    order_ = {
        "orderNumber": deal.order_number(kind),
        "orderDate": made.date().isoformat(),
        "createdDate": zoned(made),
        "updatedDate": zoned(made),
        "existingAccountNumber": deal.account,
        "currency": deal.currency_billed,
        "status": "Completed",
        "description": "Cancellation" if kind == "cancellation" else f"Quote {deal.quote_number(kind)}",
        "subscriptions": [
            {
                "subscriptionNumber": deal.subscription,
                "subscriptionOwnerAccountNumber": deal.account,
                "baseVersion": version - 1,
                "newVersion": version,
                # Billing keeps the id in 15 characters here, in 18 on the subscription.
                "customFields": {"OpportunityId__c": deal.crm("006", "sale")[:15]},
                "orderActions": _actions(deal, kind),
            }
        ],
    }
    return read("order", deal.order_number(kind), at_, {"success": True, "order": order_}, because)


def _actions(deal: Deal, kind: str) -> list[Payload]:
    if kind == "sale":
        term = {"period": 12, "periodType": "Month", "startDate": deal.start.isoformat(), "termType": "TERMED"}
        detail = {"createSubscription": {"subscriptionNumber": deal.subscription, "terms": {"initialTerm": term}}}
        return [_action("CreateSubscription", 0, deal.start, detail)]
    if kind == "amendment":
        assert deal.amendment
        update = _update(deal, deal.seats_renewed, deal.price)
        return [_action("UpdateProduct", 0, deal.amendment.effective, update)]
    if kind == "cancellation":
        detail = {"cancelSubscription": {"cancellationPolicy": "EndOfCurrentTerm", "cancellationEffectiveDate": deal.until.isoformat()}}
        return [_action("CancelSubscription", 0, deal.until, detail)]
    renew = _action("RenewSubscription", 0, deal.until, {"renewSubscription": {}})
    return [renew, _action("UpdateProduct", 1, deal.until, _update(deal, deal.seats_renewed, deal.renewal_price))]


def _action(type_: str, sequence: int, day: date, detail: Payload) -> Payload:
    names = ("ContractEffective", "ServiceActivation", "CustomerAcceptance")
    triggers = [{"triggerDate": day.isoformat(), "name": name} for name in names]
    return {"type": type_, "sequence": sequence, "triggerDates": triggers, **detail}


def _update(deal: Deal, quantity: int, price: Decimal) -> Payload:
    unit = (price / 12).quantize(CENT) if deal.monthly else price
    pricing = {"recurringPerUnit": {"quantity": quantity, "listPrice": unit}}
    return {"updateProduct": {"chargeUpdates": [{"chargeNumber": f"{deal.subscription}C-{CHARGES[SEATS]}", "pricing": pricing}]}}
