"""Paid here, open there

The open balance of an invoice differs between billing and the ledger: somebody will dun a customer who has paid, or
nobody one who has not. Closes when the balances tie.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case
from models.documents import Invoice
from models.findings import Finding, Severity
from models.money import ZERO, minor_unit
from models.references import Kind

CODE = "invoice_paid_status_mismatch"
SEVERITY = Severity.HIGH
SCOPE = "family"
CONCERNS = {Kind.INVOICE, Kind.ERP_INVOICE, Kind.PAYMENT, Kind.ERP_PAYMENT}


def check(case: Case) -> Iterator[Finding]:
    """Each posted invoice that is settled on one side and has an open balance on the other."""
    if not case.org.has("billing", "erp"):
        return
    booked = [e for e in case.docs(Kind.ERP_INVOICE, Invoice) if e.alive]
    for invoice in case.docs(Kind.INVOICE, Invoice):
        currency = invoice.doc.currency
        balances = [e.doc.balance for e in booked]
        if not invoice.alive or not booked or not currency or invoice.doc.balance is None or None in balances:
            continue
        if {e.doc.currency for e in booked} != {currency}:
            continue
        ours, theirs = invoice.doc.balance, sum((b or ZERO for b in balances), ZERO)
        unit = minor_unit(currency) * case.policy.amount_tolerance_units
        if abs(ours - theirs) <= unit or min(abs(ours), abs(theirs)) > unit:
            continue
        billing, erp = case.system("billing"), case.system("erp")
        yield Finding(
            rule=CODE,
            anchor=invoice.ref,
            subject=invoice.number,
            message=f"Invoice {invoice.number}: open balance {ours:,f} {currency} in {billing}, {theirs:,f} {currency} in {erp}",
            amount=case.money(ours - theirs, currency),
            systems=(billing, erp),
            culprit=case.suspect({billing: ours, erp: theirs}, billing),
            fix=f"apply the payment of {invoice.number} in {erp if theirs > ours else billing}",
            evidence=(invoice.evidence(ours), *(e.evidence(e.doc.balance) for e in booked)),
            subjects=(f"paid:{invoice.number}",),
            values=((billing, str(ours)), (erp, str(theirs))),
            tolerance=f"{unit} {currency}",
            grace=case.policy.grace("payment_to_erp"),
            awaits=erp,
        )
