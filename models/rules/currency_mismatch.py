"""Wrong currency

The contract's currency differs between systems: no amount can be compared, and what is billed is not what was sold.
Closes when all state the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case
from models.findings import Finding, Severity
from models.money import Money
from models.references import Kind

CODE = "currency_mismatch"
SEVERITY = Severity.CRITICAL
SCOPE = "contract"
CONCERNS = {Kind.QUOTE, Kind.SUBSCRIPTION, Kind.ERP_INVOICE, Kind.ERP_CREDIT}


def check(case: Case) -> Iterator[Finding]:
    """Each subscription whose currency is not that of its accepted quotes or of the ledger's documents of today."""
    if not case.org.has("billing"):
        return
    for subscription in case.subscriptions:
        if not subscription.alive or not subscription.doc.currency:
            continue
        cpq, billing, erp = case.system("cpq"), case.system("billing"), case.system("erp")
        stated: dict[str, object] = {billing: subscription.doc.currency}
        sold = {q.doc.currency for q in case.quotes if q.doc.currency}
        booked = {c.currency for c in case.on(case.today, "erp") if c.currency}
        for system, currencies in ((cpq, sold), (erp, booked)):
            other = sorted(c for c in currencies if c != subscription.doc.currency)
            if currencies:
                stated[system] = other[0] if other else subscription.doc.currency
        if len(set(stated.values())) < 2:
            continue
        yield Finding(
            rule=CODE,
            anchor=subscription.ref,
            subject=subscription.number,
            message=f"{subscription.number}: " + ", ".join(f"{system} says {value}" for system, value in stated.items()),
            amount=_total(case),
            systems=tuple(stated),
            culprit=case.suspect(stated, cpq),
            fix="cancel and create it again in the right currency (it can rarely be edited)",
            evidence=(subscription.evidence(subscription.doc.currency), *(q.evidence(q.doc.currency) for q in case.quotes)),
            subjects=(f"subscription:{subscription.number}", *_products(case)),
            values=tuple((system, str(value)) for system, value in stated.items()),
            grace=case.policy.grace("amendment_to_billing"),
            awaits=billing,
        )


def _total(case: Case) -> Money | None:
    totals = [(q.doc.total, q.doc.currency) for q in case.quotes if q.doc.total is not None]
    return case.money(*totals[0]) if totals else None


def _products(case: Case) -> tuple[str, ...]:
    """Every product of the contract: nothing of it can be compared while the currency differs."""
    return tuple(sorted({f"product:{x.product}" for q in case.quotes for x in q.doc.lines}))
