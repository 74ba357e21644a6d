"""Refund unseen or without a credit

Money was given back and the ledger has no refund for it, or one of another amount, or more than the credit it belongs
to. Closes when they tie.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from models.case import Case, Seen
from models.documents import Credit, Refund, Status
from models.findings import Culprit, Finding, Severity
from models.money import ZERO, minor_unit
from models.receipts import refunds
from models.references import Kind

CODE = "refund_mismatch"
SEVERITY = Severity.HIGH
SCOPE = "family"
CONCERNS = {Kind.REFUND, Kind.ERP_REFUND, Kind.CREDIT}


def check(case: Case) -> Iterator[Finding]:
    """Each refund of billing that the ledger lacks or shows otherwise, or that exceeds its credit."""
    if not case.org.has("billing", "erp"):
        return
    for refund in case.docs(Kind.REFUND, Refund):
        amount, currency = refund.doc.amount, refund.doc.currency
        if refund.doc.status not in (Status.CAPTURED, Status.SETTLED) or amount is None or not currency:
            continue
        booked = [e for e in refunds(case, refund) if e.doc.currency == currency]
        unit = minor_unit(currency) * case.policy.amount_tolerance_units
        theirs = sum((e.doc.amount or ZERO for e in booked), ZERO)
        erp = case.system("erp")
        if not booked:
            due = refund.since(Status.CAPTURED, Status.SETTLED) + case.policy.grace("payment_to_erp")
            yield _finding(case, refund, f"is not recorded in {erp}", amount, None, due)
        elif abs(amount - theirs) > unit:
            yield _finding(case, refund, f"is {amount:,f} {currency}, and {theirs:,f} {currency} in {erp}", amount - theirs, theirs, None)
        elif (excess := _above_credit(case, refund, amount)) > unit:
            yield _finding(case, refund, f"exceeds its credit by {excess:,f} {currency}", excess, None, None)


def _above_credit(case: Case, refund: Seen[Refund], amount: Decimal) -> Decimal:
    for credit in case.docs(Kind.CREDIT, Credit):
        if refund.doc.credit in (credit.ref, *credit.held.names) and credit.doc.gross is not None:
            return amount - abs(credit.doc.gross)
    return ZERO


def _finding(case: Case, refund: Seen[Refund], says: str, risk: Decimal, theirs: Decimal | None, due: datetime | None) -> Finding:
    billing, erp = case.system("billing"), case.system("erp")
    return Finding(
        rule=CODE,
        anchor=refund.ref,
        subject=refund.number,
        message=f"Refund {refund.number} {says}",
        amount=case.money(risk, refund.doc.currency),
        systems=(billing, erp),
        culprit=Culprit(erp, "medium", "billing (for the gateway) shows the money given back"),
        fix=f"record refund {refund.number} in {erp}, or issue the credit",
        evidence=(refund.evidence(refund.doc.amount),),
        subjects=(f"refund:{refund.number}",),
        values=((billing, str(refund.doc.amount)), (erp, str(theirs) if theirs is not None else "none")),
        due=due,
        grace=case.policy.grace("payment_to_erp"),
        awaits=erp,
    )
