"""Booked differently from billed

For one invoice net, tax or total differ between billing and the ledger, in the document's own currency: receivables or
revenue are wrong by the difference. Several ledger documents for one invoice are summed. Closes when they tie.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from models.case import Case, Seen
from models.documents import Invoice
from models.findings import Finding, Severity
from models.money import ZERO, minor_unit
from models.references import Kind

CODE = "invoice_amount_mismatch_billing_erp"
SEVERITY = Severity.HIGH
SCOPE = "family"
CONCERNS = {Kind.INVOICE, Kind.ERP_INVOICE}


def check(case: Case) -> Iterator[Finding]:
    """Each posted billing invoice whose booked sums differ by more than the tolerance of its lines."""
    if not case.org.has("billing", "erp"):
        return
    booked = [e for e in case.docs(Kind.ERP_INVOICE, Invoice) if e.alive]
    for invoice in case.docs(Kind.INVOICE, Invoice):
        currencies = {e.doc.currency for e in booked}
        if not invoice.alive or not invoice.doc.currency or currencies != {invoice.doc.currency}:
            continue
        unit = minor_unit(invoice.doc.currency) * case.policy.amount_tolerance_units
        tolerance = unit * (max(len(invoice.doc.lines), 1) if _lines_known(invoice, booked) else 1)
        worst: tuple[Decimal, str, Decimal, Decimal] | None = None
        for name in ("net", "tax", "gross"):
            ours = getattr(invoice.doc, name)
            theirs = [getattr(e.doc, name) for e in booked]
            if ours is None or any(value is None for value in theirs):
                continue
            total = sum(theirs, ZERO)
            if abs(ours - total) > (tolerance if name != "gross" else unit) and (worst is None or abs(ours - total) > worst[0]):
                worst = (abs(ours - total), name, ours, total)
        if worst:
            yield _finding(case, invoice, booked, worst)


def _lines_known(invoice: Seen[Invoice], booked: list[Seen[Invoice]]) -> bool:
    return invoice.doc.complete_lines and all(e.doc.complete_lines for e in booked)


def _finding(case: Case, invoice: Seen[Invoice], booked: list[Seen[Invoice]], worst: tuple[Decimal, str, Decimal, Decimal]) -> Finding:
    difference, name, ours, theirs = worst
    billing, erp = case.system("billing"), case.system("erp")
    currency = invoice.doc.currency
    return Finding(
        rule=CODE,
        anchor=invoice.ref,
        subject=invoice.number,
        message=f"Invoice {invoice.number}: {name} is {ours:,f} {currency} in {billing} and {theirs:,f} {currency} in {erp}",
        amount=case.money(difference, currency),
        systems=(billing, erp),
        culprit=case.suspect({billing: ours, erp: theirs}, billing),
        fix=f"reverse and post invoice {invoice.number} again in {erp}",
        evidence=(invoice.evidence(ours), *(e.evidence(getattr(e.doc, name)) for e in booked)),
        subjects=(f"invoice:{invoice.number}",),
        values=((billing, str(ours)), (erp, str(theirs))),
        tolerance=f"{case.policy.amount_tolerance_units} minor unit a line",
        grace=case.policy.grace("invoice_to_erp"),
        awaits=erp,
    )
