"""Wrong legal entity

The selling or billing entity differs from the one the ledger booked: revenue, tax and intercompany all land in the
wrong company. Closes when the documents are credited and booked in the right entity.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case
from models.findings import Finding, Severity
from models.references import Kind

CODE = "entity_mismatch"
SEVERITY = Severity.CRITICAL
COMPLIANCE = True
SCOPE = "contract"
CONCERNS = {Kind.QUOTE, Kind.SUBSCRIPTION, Kind.ERP_INVOICE, Kind.ERP_CREDIT}


def check(case: Case) -> Iterator[Finding]:
    """Each subscription whose entity is not that of the ledger's documents of today; unmapped ones have their own rule."""
    if not case.org.has("billing", "erp"):
        return
    for subscription in case.subscriptions:
        ours = subscription.doc.entity or next((q.doc.entity for q in case.quotes if q.doc.entity), case.org.default_entity)
        booked = sorted({c.entity for c in case.on(case.today, "erp") if c.entity and not c.entity.startswith("?")})
        wrong = [entity for entity in booked if entity != ours]
        if not ours or ours.startswith("?") or not wrong:
            continue
        billing, erp = case.system("billing"), case.system("erp")
        total = next(((q.doc.total, q.doc.currency) for q in case.quotes if q.doc.total is not None), (None, None))
        yield Finding(
            rule=CODE,
            anchor=subscription.ref,
            subject=subscription.number,
            message=f"{subscription.number} is sold and billed by {ours}, and {erp} books it in {wrong[0]}",
            amount=case.money(*total),
            systems=(billing, erp),
            culprit=case.suspect({billing: ours, erp: wrong[0]}, billing),
            fix=f"credit and bill again in {ours}",
            evidence=(subscription.evidence(ours),),
            subjects=(f"subscription:{subscription.number}",),
            values=((billing, ours), (erp, wrong[0])),
            grace=case.policy.grace("amendment_to_erp"),
            awaits=erp,
        )
