"""Billed not as agreed

A posted invoice line covers a whole billing period and its amount is not price times quantity of the subscription's
charge in force. Part periods, usage and credits have their own rules. Closes when it is credited or billed in full.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from models.calendar import add_months
from models.case import Case, Seen
from models.documents import Charge, Invoice, Line
from models.findings import Finding, Severity
from models.money import minor_unit, rounded
from models.references import Kind

CODE = "invoice_off_schedule"
SEVERITY = Severity.MEDIUM
SCOPE = "family"
CONCERNS = {Kind.INVOICE, Kind.CREDIT, Kind.SUBSCRIPTION}


def check(case: Case) -> Iterator[Finding]:
    """Each whole-period recurring line whose amount differs from the plan by more than the tolerance."""
    for invoice in case.docs(Kind.INVOICE, Invoice):
        currency = invoice.doc.currency
        if not invoice.alive or not invoice.doc.complete_lines or not currency:
            continue
        for line in invoice.doc.lines:
            plan = _planned(case, line, currency)
            if plan is None or line.net is None or abs(plan - line.net) <= minor_unit(currency) * case.policy.amount_tolerance_units:
                continue
            yield _finding(case, invoice, line, plan)


def _planned(case: Case, line: Line, currency: str) -> Decimal | None:
    """Price times quantity of the one charge segment that is in force for the whole line; None where there is none."""
    start = line.span.start
    if line.charge is not Charge.RECURRING or start is None or (line.net or 0) <= 0:
        return None
    for subscription in case.subscriptions:
        names = subscription.ids
        if line.subscription not in names or not subscription.doc.complete_lines:
            continue
        for charge in subscription.doc.lines:
            months = charge.billing_months
            if charge.product != line.product or not charge.span.holds(start) or not months or charge.unit_price is None:
                continue
            whole = line.span.until == add_months(start, months, start.day)
            inside = charge.span.until is None or (line.span.until is not None and line.span.until <= charge.span.until)
            if whole and inside and line.quantity == charge.quantity:
                price = Fraction(charge.unit_price) * months / (charge.price_months or months)
                return rounded(price * Fraction(charge.quantity or 1), currency)
    return None


def _finding(case: Case, invoice: Seen[Invoice], line: Line, plan: Decimal) -> Finding:
    billing, currency = case.system("billing"), invoice.doc.currency
    assert line.net is not None
    return Finding(
        rule=CODE,
        anchor=invoice.ref,
        part=line.product,
        subject=invoice.number,
        message=f"{invoice.number} bills {line.product} at {line.net:,f} {currency}; the plan is {plan:,f} {currency}",
        amount=case.money(line.net - plan, currency),
        systems=(billing, case.system("cpq")),
        culprit=case.suspect({billing: line.net, "plan": plan}, "plan"),
        fix=f"credit or bill the rest of {line.product} on {invoice.number}",
        evidence=(invoice.evidence(line.net),),
        subjects=(f"invoice:{invoice.number}", f"product:{line.product}"),
        values=((billing, str(line.net)), ("plan", str(plan))),
        grace=case.policy.grace("invoice_due"),
        awaits=billing,
    )
