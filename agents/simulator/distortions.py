"""Faults in which something is said, but wrongly: terms, amounts, changes not carried over, and documents astray."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from agents.simulator import netsuite
from agents.simulator.bills import Item, obligations, voided_bill
from agents.simulator.company import SEATS, Deal, at
from agents.simulator.faults import (
    DAYS,
    HOUR,
    MISSING,
    Case,
    Fault,
    Outcome,
    as_it_is,
    dropped,
    first_bill,
    label,
    named,
    plain,
    plain_yearly,
    plain_yearly_seats,
    since_setup,
    some_bill,
    unchanged,
)
from agents.simulator.identifiers import ZONE
from agents.simulator.life import Fact, life, terminated
from agents.simulator.salesforce import contract_changed
from models.calendar import end_of_day

TERMS_HOURS = 50 * HOUR
WRONG = Decimal("10.00")
SHIFT = Decimal("25.00")


def edited(facts: list[Fact], name: str, fields: dict[str, Any]) -> list[Fact]:
    """With `fields` of the record of every fact `system/name` (or `system/name-...`) replaced, as the source would say it."""
    made = []
    for fact in facts:
        own = f"{fact.system}/{fact.name}"
        if own == name or own.startswith(name + "-"):
            payload = deepcopy(fact.payload)
            payload["record"] |= fields
            fact = replace(fact, payload=payload)
        made.append(fact)
    return made


# Terms: billing was set up wrongly, and invoices and ERP follow billing


def _other_seats(deal: Deal) -> Deal | None:
    """Ten more or five fewer; no onboarding, whose share of the price would change with them."""
    return None if deal.onboarding else replace(plain(deal), billed_quantity=deal.quantity + (10 if deal.index % 2 else -5))


def _quantity(case: Case) -> Outcome:
    deal = case.deal
    seen, amount = since_setup(case), abs(deal.seats_billed - deal.quantity) * deal.price
    note = f"{deal.seats_billed} seats in billing, {deal.quantity} in the quote; billed and booked so"
    subject = SEATS
    return unchanged(case), label(case, "quantity_mismatch", subject, seen, seen + TERMS_HOURS, amount, note)


def _other_price(deal: Deal) -> Deal | None:
    """A unit of currency a month dearer or cheaper."""
    return None if deal.onboarding else replace(plain(deal), billed_price=deal.price + (12 if deal.index % 2 else -12))


def _price(case: Case) -> Outcome:
    deal = case.deal
    seen, amount = since_setup(case), abs(deal.price_billed - deal.price) * deal.quantity
    note = f"{deal.price_billed} a seat and year in billing, {deal.price} in the quote; billed and booked so"
    subject = SEATS
    return unchanged(case), label(case, "price_mismatch", subject, seen, seen + TERMS_HOURS, amount, note)


def _shorter(deal: Deal) -> Deal | None:
    shaped = plain_yearly_seats(deal)
    return replace(shaped, term_shift_days=-10) if shaped else None


def _term(case: Case) -> Outcome:
    seen = since_setup(case)
    note = "termEndDate ten days early; the charges run to the true end"
    return unchanged(case), label(case, "term_mismatch", case.deal.subscription, seen, seen + TERMS_HOURS, None, note)


def _other_currency(deal: Deal) -> Deal | None:
    return replace(plain(deal), billed_currency="USD") if deal.currency == "EUR" else None


def _currency(case: Case) -> Outcome:
    seen = since_setup(case)
    note = "sold in EUR, billed and booked in USD"
    return unchanged(case), label(case, "currency_mismatch", case.deal.subscription, seen, seen + TERMS_HOURS, None, note)


# Changes that stop before billing


def _amended(deal: Deal) -> Deal | None:
    return replace(deal, credit=None, ending="lapse", unbilled=frozenset({"amendment"})) if deal.amendment else None


def _amendment(case: Case) -> Outcome:
    deal = case.deal
    assert deal.amendment
    accepted, effective = deal.amendment.accepted_at, deal.amendment.effective
    by = max(accepted + 49 * HOUR, end_of_day(effective, ZONE) + HOUR)
    found = label(case, "amendment_not_in_billing", deal.quote_number("amendment"), accepted, by, deal.amendment_net, "never in billing")
    return unchanged(case), found


def _unrenewed(deal: Deal) -> Deal | None:
    """Signed on the day after the old term, so that no grace of another rule runs out before that of the renewal."""
    if deal.monthly or deal.metered:
        return None
    late = at(deal.until, 10, 5)
    return replace(plain(deal), ending="renew", unbilled=frozenset({"renewal"}), renewal_at=late, renewal_price=deal.price)


def _renewal(case: Case) -> Outcome:
    deal = case.deal
    by = end_of_day(deal.until, ZONE) + 25 * HOUR
    note = "renewed in CRM and CPQ on the day the old term was over, never in billing"
    return unchanged(case), label(case, "renewal_not_executed", deal.subscription, deal.renewal_at, by, None, note)


def _cancellation(case: Case) -> Outcome:
    """Cancelled in the CRM from the middle of the term, while billing goes on."""
    deal = case.deal
    last = deal.start + 120 * DAYS
    notice = at(last - 15 * DAYS, 10, 5)
    facts = [*unchanged(case), Fact(notice, "salesforce", "contract-terminated", "cancellation", terminated(deal, notice, last))]
    by = end_of_day(last, ZONE) + 74 * HOUR
    found = label(case, "cancellation_not_executed", deal.subscription, end_of_day(last, ZONE), by, None, "billing never hears of it")
    return facts, found


# Documents that differ


def _invoice_total(case: Case) -> Outcome:
    bill = some_bill(case)
    name = f"netsuite/invoice-{bill.rank:03d}"
    facts, note = edited(life(case.deal), name, {"total": bill.gross + WRONG}), "10.00 more in the ERP's total, lines equal"
    seen = named(facts, name).at
    return facts, label(case, "invoice_amount_mismatch_billing_erp", bill.number, seen, seen + 25 * HOUR, WRONG, note)


def _payment_amount(case: Case) -> Outcome:
    bill = some_bill(case)
    name = f"netsuite/payment-{bill.rank:03d}"
    facts = edited(life(case.deal), name, {"payment": bill.gross - WRONG})
    seen = named(facts, name).at
    return facts, label(case, "payment_amount_mismatch", bill.payment, seen, seen + 50 * HOUR, WRONG, "10.00 less received in the ERP")


def _with_usage(deal: Deal) -> Deal | None:
    return replace(deal, reissued=True) if deal.overages else None


def _void(case: Case) -> Outcome:
    """A usage invoice is cancelled while the transfer runs, and issued again; the ERP books both and keeps both."""
    bill = voided_bill(case.deal)
    assert bill
    facts, rank = life(case.deal), f"{bill.rank:03d}"
    gone = named(facts, f"zuora/invoice-{rank}-canceled").at
    found = label(case, "void_not_in_erp", bill.number, gone, gone + 27 * HOUR, bill.gross, "cancelled and issued again; alive in the ERP")
    return dropped(facts, f"netsuite/invoice-{rank}-voided"), found


# Revenue plans


def _moved(facts: list[Fact], plan: str, changes: dict[int, Decimal]) -> list[Fact]:
    """With the rows at these places of every copy of a plan moved by an amount."""
    lines = named(facts, plan).payload["record"]["lines"]
    amounts = {place: Decimal(lines[place]["amount"]) + change for place, change in changes.items()}
    made = []
    for fact in facts:
        if f"{fact.system}/{fact.name}".startswith(plan):
            payload = deepcopy(fact.payload)
            for place, amount in amounts.items():
                payload["record"]["lines"][place]["amount"] = f"{amount}"
            fact = replace(fact, payload=payload)
        made.append(fact)
    return made


def _total(case: Case) -> Outcome:
    owed = obligations(case.deal)[0]
    plan = f"netsuite/plan-{owed.rank}"
    facts = _moved(life(case.deal), plan, {len(owed.rows) - 1: WRONG})
    seen, subject = named(facts, plan).at, f"{case.deal.subscription}/{owed.product}/{owed.first}"
    return facts, label(
        case, "revenue_total_mismatch", subject, seen, seen + 25 * HOUR, WRONG, "the last row of the plan is 10.00 too high"
    )


def _drift(case: Case) -> Outcome | None:
    """Two rows so late in the plan that neither is posted before the history ends: else lateness would show as well."""
    owed = obligations(case.deal)[0]
    low, high = owed.rows[-5], owed.rows[-1]
    if at(_first(low[0]), 0) <= case.until or low[1] <= SHIFT:
        return None
    plan = f"netsuite/plan-{owed.rank}"
    facts = _moved(life(case.deal), plan, {len(owed.rows) - 5: -SHIFT, len(owed.rows) - 1: SHIFT})
    seen, subject = named(facts, plan).at, f"{case.deal.subscription}/{owed.product}/{owed.first}"
    note = f"25.00 moved from {low[0]} to {high[0]}, total equal; a period is a subject of its own, so there are two labels"
    labels = [label(case, "revenue_schedule_drift", f"{subject} {row[0]}", seen, seen + 25 * HOUR, SHIFT, note) for row in (low, high)]
    return facts, [*labels[0], *labels[1]]


def _first(month: str) -> date:
    return date(int(month[:4]), int(month[5:]), 1)


# Statuses and identity


def _unknown(case: Case) -> Outcome:
    """Each contract has a value of its own, because a rule reports a value once, not a document."""
    deal = case.deal
    seen, value = at(deal.start + 40 * DAYS, 11, 20), f"LegalHold{deal.index}"
    payload = contract_changed(deal, seen, {"Status": f"Legal hold {deal.index}", "StatusCode": value})
    facts = [*unchanged(case), Fact(seen, "salesforce", "contract-held", "status", payload)]
    return facts, label(case, "unknown_status", value, seen, seen + 2 * HOUR, None, "a status of the CRM contract that no table has")


def _orphan(case: Case) -> Outcome:
    """An invoice typed into the ERP by hand: no contract, no subscription, no billing document."""
    deal = case.deal
    net = Decimal("750.00")
    day = deal.start + 33 * DAYS
    bill = replace(first_bill(case), rank=990, role="manual", dated=day, items=(Item(SEATS, 1, net, net, day, day),))
    booked = at(day, 8, 10)
    payload = netsuite.invoice(bill, booked + timedelta(minutes=3), booked, booked, False)
    for field in ("custbody_subscription_number", "custbody_crm_opportunity", "externalId"):
        del payload["record"][field]
    facts = [*unchanged(case), Fact(booked + timedelta(minutes=3), "netsuite", "invoice-manual", "orphan", payload)]
    note = "typed in by hand, refers to nothing"
    return facts, label(case, "orphan_document", bill.erp_id, booked, booked + 26 * HOUR, bill.gross, note, contract="")


def _two_heads(case: Case) -> Outcome | None:
    """The ERP's invoice names the subscription of another customer."""
    if not case.neighbour:
        return None
    bill = some_bill(case)
    name = f"netsuite/invoice-{bill.rank:03d}"
    facts = edited(life(case.deal), name, {"custbody_subscription_number": case.neighbour})
    seen, note = named(facts, name).at, f"the ERP's invoice names {case.neighbour} of another customer"
    return facts, label(case, "identity_conflict", bill.erp_id, seen, seen + 26 * HOUR, bill.gross, note)


FAULTS = [
    *MISSING,
    Fault("quantity_mismatch", _other_seats, _quantity),
    Fault("price_mismatch", _other_price, _price),
    Fault("term_mismatch", _shorter, _term),
    Fault("currency_mismatch", _other_currency, _currency),
    Fault("amendment_not_in_billing", _amended, _amendment),
    Fault("renewal_not_executed", _unrenewed, _renewal),
    Fault("cancellation_not_executed", plain_yearly_seats, _cancellation),
    Fault("invoice_amount_mismatch_billing_erp", as_it_is, _invoice_total),
    Fault("payment_amount_mismatch", as_it_is, _payment_amount),
    Fault("void_not_in_erp", _with_usage, _void),
    Fault("revenue_total_mismatch", plain_yearly, _total),
    Fault("revenue_schedule_drift", plain_yearly, _drift),
    Fault("unknown_status", as_it_is, _unknown),
    Fault("orphan_document", as_it_is, _orphan),
    Fault("identity_conflict", as_it_is, _two_heads),
]
