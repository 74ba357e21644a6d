"""Too late

A period has ended and its row is still not posted when recognition should be done: revenue of the period is short.
Closes when the row is posted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from models.calendar import business_days_after, month_end
from models.case import Case
from models.findings import Culprit, Finding, Severity
from models.planned import plans
from models.references import Kind

CODE = "revenue_recognised_late"
SEVERITY = Severity.HIGH
SCOPE = "family"
CONCERNS = {Kind.REVENUE_ELEMENT, Kind.REVENUE_PLAN}


def check(case: Case) -> Iterator[Finding]:
    """Each row of an ended period that is not recognised, and the next one with its deadline."""
    for planned in plans(case):
        for row in sorted(planned.plan.doc.rows, key=lambda r: r.period):
            if row.recognised or not row.amount:
                continue
            last = month_end(row.period) - timedelta(days=1)
            due = business_days_after(last, case.policy.grace_recognition_days, case.org.zone, case.policy.holidays)
            erp = case.system("erp")
            yield Finding(
                rule=CODE,
                anchor=planned.element.ref,
                period=row.period,
                subject=f"{planned.obligation} {row.period}",
                message=f"{planned.obligation}: {row.amount:,f} {planned.currency} of {row.period} is not recognised in {erp}",
                amount=case.money(row.amount, planned.currency),
                systems=(erp,),
                culprit=Culprit(erp, "high", "its own plan says so"),
                fix=f"run recognition of {row.period} in {erp}",
                evidence=(planned.plan.evidence(row.amount),),
                subjects=(f"obligation:{planned.element.ref.id}/{row.period}",),
                due=due,
                awaits=erp,
            )
            if due > case.now:
                break
