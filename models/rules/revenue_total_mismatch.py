"""Plan does not add up to the price

The planned and recognised rows of an obligation do not sum to its allocated price: revenue will end too high or too
low. Closes when the plan is rebuilt.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case
from models.findings import Finding, Severity
from models.money import ZERO, minor_unit
from models.planned import plans
from models.references import Kind

CODE = "revenue_total_mismatch"
SEVERITY = Severity.CRITICAL
SCOPE = "family"
CONCERNS = {Kind.REVENUE_ELEMENT, Kind.REVENUE_PLAN}


def check(case: Case) -> Iterator[Finding]:
    """Each obligation whose rows differ from its allocated price by more than one minor unit."""
    for planned in plans(case):
        element, currency = planned.element, planned.currency
        total = sum((row.amount for row in planned.plan.doc.rows), ZERO)
        allocated = element.doc.allocated
        if allocated is None or abs(total - allocated) <= minor_unit(currency):
            continue
        erp = case.system("erp")
        yield Finding(
            rule=CODE,
            anchor=element.ref,
            subject=planned.obligation,
            message=f"The plan of {planned.obligation} sums to {total:,f} {currency}; {allocated:,f} {currency} is allocated",
            amount=case.money(total - allocated, currency),
            systems=(erp,),
            culprit=case.suspect({erp: total, "allocation": allocated}, "allocation"),
            fix=f"rebuild the plan of {planned.obligation} in {erp}",
            evidence=(element.evidence(allocated), planned.plan.evidence(total)),
            subjects=(f"obligation:{element.ref.id}",),
            values=(("plan", str(total)), ("allocated", str(allocated))),
            tolerance=f"{minor_unit(currency)} {currency}",
            grace=case.policy.grace("schedule"),
            awaits=erp,
        )
