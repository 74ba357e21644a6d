"""Receipts: the ledger's documents that stand for one payment or refund of billing."""

from __future__ import annotations

from models.case import Case, Seen
from models.documents import Payment, Refund
from models.references import Kind


def receipts(case: Case, payment: Seen[Payment]) -> list[Seen[Payment]]:
    """The ERP's live receipts for a payment: those that name it, or name none and were applied on the same family."""
    names = payment.refs
    return [e for e in case.docs(Kind.ERP_PAYMENT, Payment) if e.alive and (e.doc.counterpart is None or e.doc.counterpart in names)]


def refunds(case: Case, refund: Seen[Refund]) -> list[Seen[Refund]]:
    """The ERP's live refunds for a refund of billing."""
    names = refund.refs
    return [e for e in case.docs(Kind.ERP_REFUND, Refund) if e.alive and (e.doc.counterpart is None or e.doc.counterpart in names)]
