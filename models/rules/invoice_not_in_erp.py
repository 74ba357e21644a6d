"""Invoiced, not booked

An invoice that billing has posted must stand in the ledger within a day; until it does, receivables, tax and revenue
are short by it. Closes when the ERP's invoice arrives, with its own date.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case
from models.documents import Invoice
from models.findings import Culprit, Finding, Severity
from models.references import Kind

CODE = "invoice_not_in_erp"
SEVERITY = Severity.HIGH
SCOPE = "family"
CONCERNS = {Kind.INVOICE, Kind.ERP_INVOICE}


def check(case: Case) -> Iterator[Finding]:
    """Each posted billing invoice of this family without a live invoice of the ERP."""
    if not case.org.has("billing", "erp"):
        return
    booked = [e for e in case.docs(Kind.ERP_INVOICE, Invoice) if e.alive]
    for invoice in case.docs(Kind.INVOICE, Invoice):
        if not invoice.alive or invoice.doc.gross == 0 or booked:
            continue
        erp = case.system("erp")
        yield Finding(
            rule=CODE,
            anchor=invoice.ref,
            subject=invoice.number,
            message=f"Invoice {invoice.number} is posted in {case.system('billing')} and not booked in {erp}",
            amount=case.money(invoice.doc.gross, invoice.doc.currency),
            systems=(case.system("billing"), erp),
            culprit=Culprit(erp, "medium", "billing owns invoices; the transfer or the ERP has not booked this one"),
            fix=f"re-send invoice {invoice.number} to {erp}",
            evidence=(invoice.evidence(invoice.doc.gross),),
            subjects=(f"invoice:{invoice.number}",),
            due=invoice.posted + case.policy.grace("invoice_to_erp"),
            awaits=erp,
        )
