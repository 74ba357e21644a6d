"""One charge, two invoices

Two live invoices of one subscription bill the same lines for the same days and amount, or the ledger booked one billing
invoice twice: the customer pays twice or disputes. Closes when one is void or credited in full.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from models.case import Case, Seen
from models.documents import Invoice
from models.findings import Culprit, Finding, Severity
from models.references import Kind
from models.state import Cover

CODE = "duplicate_invoice"
SEVERITY = Severity.CRITICAL
SCOPE = "family"
CONCERNS = {Kind.INVOICE, Kind.CREDIT, Kind.ERP_INVOICE, Kind.ERP_CREDIT}


def check(case: Case) -> Iterator[Finding]:
    """Each live invoice of this family that repeats an earlier one, and each second ledger document for one invoice."""
    for invoice in case.docs(Kind.INVOICE, Invoice):
        if invoice.alive and (earlier := _repeats(case, invoice)):
            yield _finding(case, case.system("billing"), invoice, earlier)
    booked = [e for e in case.docs(Kind.ERP_INVOICE, Invoice) if e.alive and e.doc.gross]
    for first, second in pairwise(booked):
        if first.doc.gross == second.doc.gross and first.doc.counterpart == second.doc.counterpart is not None:
            yield _finding(case, case.system("erp"), second, first.number)


def _repeats(case: Case, invoice: Seen[Invoice]) -> str | None:
    """The number of an earlier invoice that bills every line of this one again."""
    lines = [x for x in invoice.doc.lines if x.net and x.span.start]
    candidates: set[str] | None = None
    for line in lines:
        same = {
            c.number
            for c in case.on(line.span.start, "billing")  # type: ignore[arg-type]
            if (c.product, c.span, c.net, c.subscription) == (line.product, line.span, line.net, line.subscription) and _other(c, invoice)
        }
        candidates = same if candidates is None else candidates & same
    earlier = sorted(number for number in candidates or () if number < invoice.number)
    return earlier[0] if earlier else None


def _other(cover: Cover, invoice: Seen[Invoice]) -> bool:
    return cover.document != invoice.ref and cover.document.kind is Kind.INVOICE and cover.net > 0


def _finding(case: Case, system: str, later: Seen[Invoice], earlier: str) -> Finding:
    return Finding(
        rule=CODE,
        anchor=later.ref,
        part=earlier,
        subject=later.number,
        message=f"{later.number} in {system} bills again what {earlier} bills",
        amount=case.money(later.doc.gross, later.doc.currency),
        systems=(system,),
        culprit=Culprit(system, "high", "both documents are its own"),
        fix=f"void {later.number} in {system}",
        evidence=(later.evidence(later.doc.gross),),
        subjects=(f"invoice:{later.number}",),
    )
