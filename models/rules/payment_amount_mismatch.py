"""Money differs

The amount captured or settled, billing's payment and the ledger's receipt differ in one currency. Closes when they tie.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case
from models.documents import Payment, Status
from models.findings import Finding, Severity
from models.money import ZERO, minor_unit
from models.receipts import receipts
from models.references import Kind

CODE = "payment_amount_mismatch"
SEVERITY = Severity.HIGH
SCOPE = "family"
CONCERNS = {Kind.PAYMENT, Kind.ERP_PAYMENT}


def check(case: Case) -> Iterator[Finding]:
    """Each captured or settled payment whose receipts in the ERP sum to another amount."""
    if not case.org.has("billing", "erp"):
        return
    for payment in case.docs(Kind.PAYMENT, Payment):
        booked = receipts(case, payment)
        currency, ours = payment.doc.currency, payment.doc.amount
        if payment.doc.status not in (Status.CAPTURED, Status.SETTLED) or not booked or not currency or ours is None:
            continue
        if any(e.doc.currency != currency or e.doc.amount is None for e in booked):
            continue
        theirs = sum((e.doc.amount or ZERO for e in booked), ZERO)
        if abs(ours - theirs) <= minor_unit(currency) * case.policy.amount_tolerance_units:
            continue
        billing, erp = case.system("billing"), case.system("erp")
        yield Finding(
            rule=CODE,
            anchor=payment.ref,
            subject=payment.number,
            message=f"Payment {payment.number} is {ours:,f} {currency} in {billing} and {theirs:,f} {currency} in {erp}",
            amount=case.money(ours - theirs, currency),
            systems=(billing, erp),
            culprit=case.suspect({billing: ours, erp: theirs, "invoice": _applied(payment.doc)}, billing),
            fix=f"correct the receipt of {payment.number} in {erp}",
            evidence=(payment.evidence(ours), *(e.evidence(e.doc.amount) for e in booked)),
            subjects=(f"payment:{payment.number}",),
            values=((billing, str(ours)), (erp, str(theirs))),
            tolerance=f"{case.policy.amount_tolerance_units} minor unit",
            grace=case.policy.grace("payment_to_erp"),
            awaits=erp,
        )


def _applied(payment: Payment) -> object:
    """What billing applied to invoices: a third opinion on the amount."""
    return sum((a.amount for a in payment.applications), ZERO) if payment.applications else None
