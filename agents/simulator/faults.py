"""The faults that can be put into a contract's life, one table: which rule must find each, about what, and by when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from agents.simulator.bills import Bill, Obligation, bills, obligations
from agents.simulator.company import SEATS, Deal
from agents.simulator.identifiers import ZONE
from agents.simulator.life import Fact, created_at, life
from models.calendar import business_days_after, end_of_day

HOUR, DAYS = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Injected:
    """A divergence that must be found: exactly one alert of `rule`, opened within [`at`, `by`].

    `contract` is the number of the CRM contract (the opportunity where there is none, empty where the document
    belongs to no contract); `subject` the native number that rules anchor it to, with product, day or month.
    """

    rule: str
    contract: str
    subject: str
    at: datetime
    by: datetime
    amount: str | None
    note: str


@dataclass(frozen=True)
class Case:
    """A healthy contract, the end of the history, and the subscription of another contract that is long in force."""

    deal: Deal
    until: datetime
    neighbour: str = ""


Outcome = tuple[list[Fact], list[Injected]]


@dataclass(frozen=True)
class Fault:
    """`shape` clears a deal of what would blur the fault, or gives None where it does not fit; `inject` does it."""

    rule: str
    shape: Callable[[Deal], Deal | None]
    inject: Callable[[Case], Outcome | None]


def label(
    case: Case, rule: str, subject: str, at: datetime, by: datetime, amount: object, note: str, contract: str | None = None
) -> list[Injected]:
    """One label; a fault that shows in two places adds a second."""
    own = case.deal.contract_number if contract is None else contract
    return [Injected(rule, own, subject, at, by, None if amount is None else f"{amount}", note)]


def dropped(facts: list[Fact], *names: str) -> list[Fact]:
    """Without the facts called `system/name`."""
    return [fact for fact in facts if f"{fact.system}/{fact.name}" not in names]


def named(facts: list[Fact], name: str) -> Fact:
    return next(fact for fact in facts if f"{fact.system}/{fact.name}" == name)


def as_it_is(deal: Deal) -> Deal | None:
    return deal


def plain(deal: Deal) -> Deal:
    """Without amendment and credit, and without anything at the end of the term."""
    return replace(deal, amendment=None, credit=None, ending="lapse")


def plain_yearly(deal: Deal) -> Deal | None:
    return None if deal.monthly else plain(deal)


def plain_yearly_seats(deal: Deal) -> Deal | None:
    """Seats only: no onboarding that shares the price, no usage."""
    return None if deal.monthly or deal.onboarding or deal.metered else plain(deal)


def first_bill(case: Case) -> Bill:
    return bills(case.deal)[0]


def some_bill(case: Case) -> Bill:
    """One of the invoices whose payment falls into the history, of any role; else the first, which then shows too late."""
    due = [bill for bill in bills(case.deal) if bill.posted_at + 8 * DAYS < case.until]
    return due[case.deal.index % len(due)] if due else first_bill(case)


# Missing steps


def _no_order(case: Case) -> Outcome:
    facts = [f for f in life(case.deal) if f.about == "sale" and f.system == "salesforce"]
    won, subject = case.deal.signed_at, case.deal.crm("006", "sale")
    note = "won, but no quote, contract or order was ever seen"
    return facts, label(case, "won_without_order", subject, won, won + 49 * HOUR, None, note, contract=subject)


def _no_subscription(case: Case) -> Outcome:
    deal = case.deal
    facts = [f for f in life(deal) if f.about in ("sale", "setup") and f.system != "zuora"]
    ordered = deal.signed_at + DAYS
    by = max(ordered + 73 * HOUR, end_of_day(deal.start, ZONE)) + HOUR
    subject = deal.crm("006", "sale")
    return facts, label(case, "won_without_subscription", subject, ordered, by, None, "the order never reached billing")


def _monthly(deal: Deal) -> Deal | None:
    return plain(deal) if deal.monthly else None


def _unbilled_month(case: Case) -> Outcome:
    deal = case.deal
    bill = [bill for bill in bills(deal) if bill.role == "recurring"][2 + deal.index % 4]
    facts = [f for f in life(deal) if f.about != f"bill-{bill.rank}"]
    by = end_of_day(bill.dated, ZONE) + 25 * HOUR
    subject = f"{deal.subscription} {bill.dated}"
    return facts, label(case, "invoice_missing", subject, bill.posted_at, by, bill.net, "one month was never billed")


def _invoice_not_in_erp(case: Case) -> Outcome:
    bill = some_bill(case)
    facts = dropped(life(case.deal), f"netsuite/invoice-{bill.rank:03d}")
    note = "the first copy in the ERP never comes; the paid copy closes it after four days"
    return facts, label(case, "invoice_not_in_erp", bill.number, bill.posted_at, bill.posted_at + 26 * HOUR, bill.gross, note)


def _no_schedule(case: Case) -> Outcome:
    deal, bill, owed = case.deal, first_bill(case), obligations(case.deal)[0]
    facts = [f for f in life(deal) if f.about != f"obligation-{owed.rank}"]
    by, subject = bill.posted_at + 26 * HOUR, f"{deal.subscription}/{SEATS}/{owed.first}"
    return facts, label(case, "revenue_schedule_missing", subject, bill.posted_at, by, None, "neither element nor plan ever comes")


def _credited(deal: Deal) -> Deal | None:
    return deal if deal.credit else None


def _credit_not_in_erp(case: Case) -> Outcome:
    facts = life(case.deal)
    number = named(facts, "zuora/credit").payload["record"]["number"]
    posted = named(facts, "zuora/credit").at
    note = "the first copy in the ERP never comes; the applied copy closes it after 41 hours"
    found = label(case, "credit_memo_not_in_erp", number, posted, posted + 26 * HOUR, None, note)
    return dropped(facts, "netsuite/credit"), found


# Payments


def _payment_not_recorded(case: Case) -> Outcome:
    bill = some_bill(case)
    facts, rank = life(case.deal), f"{bill.rank:03d}"
    settled = named(facts, f"zuora/payment-{rank}-settled").at
    note = "settled, never booked as a receipt; the ERP's invoice is paid all the same"
    found = label(case, "payment_not_recorded", bill.payment, settled, settled + 50 * HOUR, bill.gross, note)
    return dropped(facts, f"netsuite/payment-{rank}"), found


def _still_open(case: Case) -> Outcome:
    bill = some_bill(case)
    facts, rank = life(case.deal), f"{bill.rank:03d}"
    settled = named(facts, f"zuora/payment-{rank}-settled").at
    found = label(
        case, "invoice_paid_status_mismatch", bill.number, settled, settled + 50 * HOUR, bill.gross, "paid in billing, open in the ERP"
    )
    return dropped(facts, f"netsuite/invoice-{rank}-paid"), found


def _refund_missing(case: Case) -> Outcome:
    facts = life(case.deal)
    refund = named(facts, "zuora/refund")
    record = refund.payload["record"]
    found = label(
        case, "refund_mismatch", record["number"], refund.at, refund.at + 50 * HOUR, record["amount"], "refunded, the ERP never hears of it"
    )
    return dropped(facts, "netsuite/refund"), found


# Revenue


def _late_month(case: Case) -> Outcome:
    """The posting job leaves one month out; the next close posts both."""
    owed = obligations(case.deal)[0]
    month, amount = owed.rows[2]
    facts = dropped(life(case.deal), f"netsuite/plan-{owed.rank}-{month}")
    ended = _last_day(owed, month)
    by, subject = business_days_after(ended, 3, ZONE) + 2 * HOUR, f"{case.deal.subscription}/{owed.product}/{owed.first} {month}"
    found = label(case, "revenue_recognised_late", subject, end_of_day(ended, ZONE), by, amount, "one month is posted a month late")
    return facts, found


def _last_day(owed: Obligation, month: str) -> date:
    first = date(int(month[:4]), int(month[5:]), 1)
    return min(owed.last, (first + 32 * DAYS).replace(day=1) - DAYS)


def unchanged(case: Case) -> list[Fact]:
    return life(case.deal)


def since_setup(case: Case) -> datetime:
    """When billing's subscription is first seen."""
    return created_at(case.deal)


MISSING = [
    Fault("won_without_order", plain, _no_order),
    Fault("won_without_subscription", plain, _no_subscription),
    Fault("invoice_missing", _monthly, _unbilled_month),
    Fault("invoice_not_in_erp", as_it_is, _invoice_not_in_erp),
    Fault("revenue_schedule_missing", plain_yearly_seats, _no_schedule),
    Fault("credit_memo_not_in_erp", _credited, _credit_not_in_erp),
    Fault("payment_not_recorded", as_it_is, _payment_not_recorded),
    Fault("invoice_paid_status_mismatch", as_it_is, _still_open),
    Fault("refund_mismatch", _credited, _refund_missing),
    Fault("revenue_recognised_late", as_it_is, _late_month),
]
