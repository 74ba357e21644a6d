"""Settled, not booked

Money was settled and the ledger has no receipt for it: cash and receivables are both wrong. Closes when the receipt
arrives, with its own date.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case
from models.documents import Payment, Status
from models.findings import Culprit, Finding, Severity
from models.receipts import receipts
from models.references import Kind

CODE = "payment_not_recorded"
SEVERITY = Severity.HIGH
SCOPE = "family"
CONCERNS = {Kind.PAYMENT, Kind.ERP_PAYMENT}


def check(case: Case) -> Iterator[Finding]:
    """Each settled billing payment of this family without a receipt in the ERP."""
    if not case.org.has("billing", "erp"):
        return
    for payment in case.docs(Kind.PAYMENT, Payment):
        if payment.doc.status is not Status.SETTLED or receipts(case, payment):
            continue
        erp = case.system("erp")
        settled = payment.since(Status.SETTLED)
        yield Finding(
            rule=CODE,
            anchor=payment.ref,
            subject=payment.number,
            message=f"Payment {payment.number} is settled and not recorded in {erp}",
            amount=case.money(payment.doc.amount, payment.doc.currency),
            systems=(case.system("billing"), erp),
            culprit=Culprit(erp, "medium", "billing (for the gateway) shows the money; the ledger does not"),
            fix=f"record payment {payment.number} in {erp}",
            evidence=(payment.evidence(payment.doc.amount),),
            subjects=(f"payment:{payment.number}", *(f"paid:{a.document.id}" for a in payment.doc.applications)),
            due=settled + case.policy.grace("payment_to_erp"),
            awaits=erp,
        )
