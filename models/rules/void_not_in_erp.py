"""Void here, alive there

An invoice or credit was voided in billing and its counterpart in the ledger lives on: receivables, tax and revenue
include what nobody owes. Closes when the ledger reverses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.case import Case, Seen
from models.documents import Credit, Invoice, Status
from models.findings import Culprit, Finding, Severity
from models.references import Kind

CODE = "void_not_in_erp"
SEVERITY = Severity.HIGH
SCOPE = "family"
CONCERNS = {Kind.INVOICE, Kind.ERP_INVOICE, Kind.CREDIT, Kind.ERP_CREDIT}

Document = Seen[Invoice] | Seen[Credit]


def check(case: Case) -> Iterator[Finding]:
    """Each void invoice or credit of billing whose counterpart in this family is in force."""
    if not case.org.has("billing", "erp"):
        return
    pairs: list[tuple[Sequence[Document], Sequence[Document]]] = [
        (case.docs(Kind.INVOICE, Invoice), case.docs(Kind.ERP_INVOICE, Invoice)),
        (case.docs(Kind.CREDIT, Credit), case.docs(Kind.ERP_CREDIT, Credit)),
    ]
    for ours, theirs in pairs:
        for document in ours:
            names = document.refs
            alive = [e for e in theirs if e.alive and (e.doc.counterpart is None or e.doc.counterpart in names)]
            if document.doc.status is Status.VOID and alive and not _credited(case, alive):
                yield _finding(case, document, alive[0])


def _credited(case: Case, alive: list[Document]) -> bool:
    """The ledger may answer with a paired reversal instead of a void."""
    booked = sum((e.doc.gross or 0 for e in alive), 0)
    reversed_ = sum((c.doc.gross or 0 for c in case.docs(Kind.ERP_CREDIT, Credit) if c.alive), 0)
    return bool(booked > 0 and booked + reversed_ == 0)


def _finding(case: Case, document: Document, alive: Document) -> Finding:
    billing, erp = case.system("billing"), case.system("erp")
    return Finding(
        rule=CODE,
        anchor=document.ref,
        subject=document.number,
        message=f"{document.number} is void in {billing}, and {alive.number} lives on in {erp}",
        amount=case.money(alive.doc.gross, alive.doc.currency),
        systems=(billing, erp),
        culprit=Culprit(erp, "medium", "billing owns invoices and credits"),
        fix=f"reverse {alive.number} in {erp}",
        evidence=(document.evidence("void"), alive.evidence(alive.doc.gross)),
        subjects=(f"invoice:{document.number}", f"credit:{document.number}", f"paid:{document.number}"),
        due=document.since(Status.VOID) + case.policy.grace("void_to_erp"),
        awaits=erp,
    )
