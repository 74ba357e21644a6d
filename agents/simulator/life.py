"""One contract's life in order of time: every fact that a system tells about it, from the first pipeline to the last posting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from agents.simulator import cpq, netsuite, salesforce, subscriptions, zuora
from agents.simulator.bills import Bill, Item, Obligation, bills, credit_number, obligations, voided_bill
from agents.simulator.company import CALLS, ONBOARDING, SEATS, Deal, at
from agents.simulator.subscriptions import Version
from models.calendar import DAY, add_months, month_end

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@dataclass(frozen=True)
class Fact:
    """What a system tells at an instant; `about` groups what belongs together (`bill-3`, `obligation-0`, `renewal`)."""

    at: datetime
    system: str
    name: str
    about: str
    payload: dict[str, Any]


def life(deal: Deal) -> list[Fact]:
    """Every fact of the contract's life, healthy, by time."""
    facts = [*_sale(deal), *_setup(deal), *_changes(deal)]
    facts += _sales_orders(deal)
    for bill in bills(deal):
        facts += bill_facts(bill)
    if voided := voided_bill(deal):
        facts += _void_facts(voided)
    for owed in obligations(deal):
        facts += obligation_facts(owed)
    return sorted(facts, key=lambda fact: (fact.at, fact.name))


def _sale(deal: Deal) -> Iterator[Fact]:
    """From the account to the signed quote and the won opportunity."""
    signed, opened = deal.signed_at, deal.signed_at - DAY * 17 + 47 * MINUTE
    amount = cpq.total(cpq.sold_lines(deal, "sale"))
    yield Fact(opened, "salesforce", "account", "sale", salesforce.account(deal, opened))
    begun = opened + 4 * MINUTE
    pipeline = salesforce.opportunity(deal, "sale", begun, amount, False, signed.date() + DAY * 7)
    yield Fact(begun, "salesforce", "opportunity-created", "sale", pipeline)
    yield Fact(signed + 15 * SECOND, "cpq", "quote", "sale", cpq.quote(deal, "sale", signed))
    won = signed + 77 * SECOND
    yield Fact(won, "salesforce", "opportunity-won", "sale", salesforce.opportunity_won(deal, won, amount))


def _setup(deal: Deal) -> Iterator[Fact]:
    """The day after: contract, order and contracted rows in the CRM, the subscription in billing."""
    day = deal.signed_at + DAY
    yield Fact(day, "salesforce", "contract", "setup", salesforce.contract_activated(deal, day))
    ordered = day + MINUTE
    items = [(line.item, line.total) for line in cpq.sold_lines(deal, "sale")]
    yield Fact(ordered, "salesforce", "order", "setup", salesforce.order(deal, "sale", ordered, items))
    rows = day + 5 * MINUTE
    yield Fact(rows, "cpq", "rows", "setup", cpq.contracted(deal, rows))
    yield from _version(deal, "sale", Version(1), day + 20 * MINUTE)


def created_at(deal: Deal) -> datetime:
    """When billing created the subscription."""
    return deal.signed_at + DAY + 20 * MINUTE


CALLOUTS = {"sale": "SubscriptionCreated", "renewal": "SubscriptionRenewed"}


def _version(deal: Deal, kind: str, version: Version, made: datetime) -> Iterator[Fact]:
    """A callout, the order that it announces, and the subscription's new version."""
    object_id = deal.key("version", 1) if kind == "sale" else deal.order_number(kind)
    cause = zuora.event_id(deal, made, object_id)
    notified, ordered, read_at = made + 2 * SECOND, made + 45 * SECOND, made + 50 * SECOND
    callout = zuora.callout(deal, CALLOUTS.get(kind, "OrderCompleted"), made, object_id, version.number)
    yield Fact(notified, "zuora", f"callout-{kind}", kind, callout)
    yield Fact(ordered, "zuora", f"order-{kind}", kind, subscriptions.order(deal, kind, version.number, ordered, made, cause))
    document = subscriptions.subscription(deal, version, read_at, created_at(deal), made, cause)
    yield Fact(read_at, "zuora", f"subscription-v{version.number}", kind, document)


def _changes(deal: Deal) -> Iterator[Fact]:
    """Amendment, credit, and what happens at the end of the term."""
    amended = bool(deal.amendment) and "amendment" not in deal.unbilled
    if deal.amendment:
        yield from _amended(deal, amended)
    if deal.credit:
        yield from _credited(deal)
    version = Version(3 if amended else 2, amended)
    if deal.ending == "renew":
        yield from _renewed(deal, replace(version, renewed=True))
    elif deal.ending == "cancel":
        yield from _cancelled(deal, version)


def _amended(deal: Deal, billed: bool) -> Iterator[Fact]:
    assert deal.amendment
    accepted = deal.amendment.accepted_at
    lines = cpq.sold_lines(deal, "amendment")
    yield Fact(accepted + 15 * SECOND, "cpq", "quote-amendment", "amendment", cpq.quote(deal, "amendment", accepted))
    won = accepted + 2 * MINUTE
    sold = salesforce.opportunity(deal, "amendment", won, cpq.total(lines), True, won.date())
    yield Fact(won, "salesforce", "opportunity-amendment", "amendment", sold)
    ordered, rows = accepted + 20 * MINUTE, accepted + 25 * MINUTE
    items = [(line.item, line.total) for line in lines]
    yield Fact(ordered, "salesforce", "order-amendment", "amendment", salesforce.order(deal, "amendment", ordered, items))
    yield Fact(rows, "cpq", "rows-amendment", "amendment", cpq.contracted(deal, rows, amended=True))
    if billed:
        yield from _version(deal, "amendment", Version(2, True), accepted + 40 * MINUTE)


def credited_bill(deal: Deal) -> Bill:
    """The invoice that a credit refers to: the first."""
    return bills(deal)[0]


def _credited(deal: Deal) -> Iterator[Fact]:
    """A credit memo, refunded the next day; the ERP follows two hours and one night later."""
    assert deal.credit
    bill, day = credited_bill(deal), deal.credit.on
    posted, refunded = at(day, 11), at(day + DAY, 9, 5)
    booked, paid = at(day, 13), at(day + DAY * 2, 4)
    callout = zuora.callout(deal, "CreditMemoPosted", posted, credit_number(deal), invoice=bill.number)
    yield Fact(posted + 2 * SECOND, "zuora", "callout-credit", "credit", callout)
    seen, applied = posted + MINUTE, refunded + 2 * MINUTE
    yield Fact(seen, "zuora", "credit", "credit", zuora.credit_memo(deal, bill, seen, posted, False))
    memo = netsuite.credit_memo(deal, bill, booked + 3 * MINUTE, booked, booked, False)
    yield Fact(booked + 3 * MINUTE, "netsuite", "credit", "credit", memo)
    yield Fact(refunded + 30 * SECOND, "zuora", "refund", "credit", zuora.refund(deal, bill, refunded + 30 * SECOND, refunded))
    yield Fact(applied, "zuora", "credit-refunded", "credit", zuora.credit_memo(deal, bill, applied, refunded + MINUTE, True))
    yield Fact(paid + 3 * MINUTE, "netsuite", "refund", "credit", netsuite.refund(deal, paid + 3 * MINUTE, paid))
    memo = netsuite.credit_memo(deal, bill, paid + 7 * MINUTE, booked, paid + 4 * MINUTE, True)
    yield Fact(paid + 7 * MINUTE, "netsuite", "credit-applied", "credit", memo)


def _renewed(deal: Deal, version: Version) -> Iterator[Fact]:
    accepted, last = deal.renewal_at, add_months(deal.until, 12, deal.start.day) - DAY
    amount = cpq.total(cpq.sold_lines(deal, "renewal"))
    yield Fact(accepted + 15 * SECOND, "cpq", "quote-renewal", "renewal", cpq.quote(deal, "renewal", accepted))
    won, extended = accepted + 3 * MINUTE, accepted + 20 * MINUTE
    sold = salesforce.opportunity(deal, "renewal", won, amount, True, won.date())
    yield Fact(won, "salesforce", "opportunity-renewal", "renewal", sold)
    fields = {"EndDate": last.isoformat(), "ContractTerm": 24}
    yield Fact(extended, "salesforce", "contract-extended", "renewal", salesforce.contract_changed(deal, extended, fields))
    if "renewal" not in deal.unbilled:
        yield from _version(deal, "renewal", version, accepted + 30 * MINUTE)


def _cancelled(deal: Deal, version: Version) -> Iterator[Fact]:
    """Notice ten days before the term ends: it ends, and nothing more is billed."""
    notice, last = at(deal.until - DAY * 10, 10, 5), deal.until - DAY
    yield Fact(notice, "salesforce", "contract-terminated", "cancellation", terminated(deal, notice, last))
    rows = notice + 6 * MINUTE
    yield Fact(rows, "cpq", "rows-terminated", "cancellation", cpq.contracted(deal, rows, version.amended, last))
    yield from _version(deal, "cancellation", replace(version, cancelled_on=notice.date()), notice + 25 * MINUTE)


def terminated(deal: Deal, notice: datetime, last: date) -> dict[str, Any]:
    """The CRM contract ended by notice; `last` is its last day."""
    fields = {"Status": "Terminated", "StatusCode": "Terminated", "EndDate": last.isoformat()}
    return salesforce.contract_changed(deal, notice, fields)


def _sales_orders(deal: Deal) -> Iterator[Fact]:
    """The ERP's order of the committed part, on the day of the first invoice."""
    kinds = [("sale", deal.start, deal.seats_billed, deal.price_billed)]
    if deal.monthly and deal.ending == "renew" and "renewal" not in deal.unbilled:
        kinds.append(("renewal", deal.until, deal.seats_renewed, deal.renewal_price))
    for kind, first, quantity, price in kinds:
        last = add_months(first, 12, deal.start.day) - DAY
        items = [Item(SEATS, quantity, price, price * quantity, first, last)]
        if kind == "sale" and deal.onboarding:
            items.append(Item(ONBOARDING, 1, deal.onboarding, deal.onboarding, first, first))
        made = at(first, 5, 33)
        yield Fact(made, "netsuite", f"sales-order-{kind}", "sales order", netsuite.sales_order(deal, kind, items, made))


def bill_facts(bill: Bill) -> Iterator[Fact]:
    """An invoice from its posting to its receipt in the ERP, four days later."""
    deal, rank, about = bill.deal, f"{bill.rank:03d}", f"bill-{bill.rank}"
    posted, booked = bill.posted_at, at(bill.dated, 6, 10)
    callout = zuora.callout(deal, "InvoicePosted", posted, zuora.invoice_id(bill), invoice=bill.number)
    yield Fact(posted + 2 * SECOND, "zuora", f"callout-invoice-{rank}", about, callout)
    yield Fact(posted + MINUTE, "zuora", f"invoice-{rank}", about, zuora.invoice(bill, posted + MINUTE, posted))
    seen = booked + 3 * MINUTE
    yield Fact(seen, "netsuite", f"invoice-{rank}", about, netsuite.invoice(bill, seen, booked, booked, False))
    taken, settled = at(bill.dated + DAY * 2, 9, 35, 10), at(bill.dated + DAY * 4, 3)
    seen = taken + 30 * SECOND
    yield Fact(seen, "zuora", f"payment-{rank}", about, zuora.payment(bill, seen, taken, None))
    seen = taken + 2 * MINUTE
    yield Fact(seen, "zuora", f"invoice-{rank}-paid", about, zuora.invoice(bill, seen, taken + MINUTE, paid=True, erp=True))
    seen = settled + 30 * SECOND
    yield Fact(seen, "zuora", f"payment-{rank}-settled", about, zuora.payment(bill, seen, taken, settled))
    received = settled + 60 * MINUTE
    seen = received + 3 * MINUTE
    yield Fact(seen, "netsuite", f"payment-{rank}", about, netsuite.payment(bill, seen, received))
    seen = received + 8 * MINUTE
    yield Fact(seen, "netsuite", f"invoice-{rank}-paid", about, netsuite.invoice(bill, seen, booked, received + 5 * MINUTE, True))


def _void_facts(bill: Bill) -> Iterator[Fact]:
    """An invoice cancelled while the transfer to the ERP runs: it is booked all the same, and voided there at nine."""
    posted = bill.posted_at
    issued = [fact for fact in bill_facts(bill) if fact.at < posted + 3 * 60 * MINUTE]
    yield from issued
    gone, rank, about = posted + 50 * MINUTE, f"{bill.rank:03d}", f"bill-{bill.rank}"
    cancelled = zuora.invoice(bill, gone + MINUTE, gone, status="Canceled")
    yield Fact(gone + MINUTE, "zuora", f"invoice-{rank}-canceled", about, cancelled)
    seen, booked = at(bill.dated, 9, 13), at(bill.dated, 6, 10)
    voided = netsuite.invoice(bill, seen, booked, seen - 3 * MINUTE, False)
    voided["record"]["status"] = {"id": "Voided", "refName": "Voided"}
    yield Fact(seen, "netsuite", f"invoice-{rank}-voided", about, voided)


def obligation_facts(owed: Obligation) -> Iterator[Fact]:
    """Element, plan, and one copy of the plan for each month that is posted, on the third day of the next."""
    about, rank = f"obligation-{owed.rank}", timedelta(seconds=owed.rank)
    made = owed.created_at
    returned = f"8{obligations(owed.deal)[0].erp_id}" if owed.source_type == "Credit Memo Line" else None
    element = netsuite.element(owed, returned, made + rank, made - 3 * MINUTE)
    yield Fact(made + rank, "netsuite", f"element-{owed.rank}", about, element)
    # A quarter of an hour after all elements, so that no small delay shows a plan before its arrangement.
    planned = made + 20 * MINUTE + rank
    yield Fact(planned, "netsuite", f"plan-{owed.rank}", about, netsuite.plan(owed, (), planned, made + 17 * MINUTE))
    posted: list[str] = []
    for month, _ in owed.rows:
        posted.append(month)
        hour = 7 if owed.product == CALLS else 2
        closed = at(month_end(month) + DAY * 2, hour, 3) + rank
        yield Fact(closed, "netsuite", f"plan-{owed.rank}-{month}", about, netsuite.plan(owed, posted, closed, closed - 3 * MINUTE))
