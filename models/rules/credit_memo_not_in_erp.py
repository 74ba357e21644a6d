"""Credit unseen by the ledger

A credit memo is issued and the ledger has no counterpart: receivables and revenue are too high by it. Closes when the
ledger's credit arrives or the memo is taken back.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case
from models.documents import Credit, Status
from models.findings import Culprit, Finding, Severity
from models.references import Kind

CODE = "credit_memo_not_in_erp"
SEVERITY = Severity.HIGH
SCOPE = "family"
CONCERNS = {Kind.CREDIT, Kind.ERP_CREDIT}


def check(case: Case) -> Iterator[Finding]:
    """Each posted credit of this family without a live credit of the ERP that stands for it."""
    if not case.org.has("billing", "erp"):
        return
    booked = [e for e in case.docs(Kind.ERP_CREDIT, Credit) if e.alive]
    for credit in case.docs(Kind.CREDIT, Credit):
        names = credit.refs
        if credit.doc.status is not Status.POSTED or any(e.doc.counterpart is None or e.doc.counterpart in names for e in booked):
            continue
        erp = case.system("erp")
        yield Finding(
            rule=CODE,
            anchor=credit.ref,
            subject=credit.number,
            message=f"Credit {credit.number} is issued in {case.system('billing')} and not booked in {erp}",
            amount=case.money(credit.doc.gross, credit.doc.currency),
            systems=(case.system("billing"), erp),
            culprit=Culprit(erp, "medium", "billing owns credits; the transfer or the ERP has not booked this one"),
            fix=f"send credit {credit.number} to {erp}",
            evidence=(credit.evidence(credit.doc.gross),),
            subjects=(f"credit:{credit.number}",),
            due=credit.posted + case.policy.grace("credit_to_erp"),
            awaits=erp,
        )
