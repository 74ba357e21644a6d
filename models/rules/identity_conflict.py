"""One document, two contracts

A document names another one that belongs to a different contract. Nothing is merged by guess: one wrong subscription
number on an ERP invoice must not make one customer of two. Closes when the document names the right one, or when the
two contracts turn out to be one.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case
from models.findings import Culprit, Finding, Severity
from models.references import Kind

CODE = "identity_conflict"
SEVERITY = Severity.HIGH
SCOPE = "contract"
CONCERNS = frozenset(Kind)


def check(case: Case) -> Iterator[Finding]:
    """Each claim of a document of this contract that belongs to another contract."""
    for conflict in case.head.page.conflicts.values():
        held = case.find(conflict.document, conflict.page)
        if held is None or conflict.claim not in held.claims:
            continue
        yield Finding(
            rule=CODE,
            anchor=conflict.document,
            part=str(conflict.claim),
            message=f"{held.system} {conflict.document.id} names {conflict.claim.kind} {conflict.claim.id}, "
            f"which belongs to {conflict.head.id}",
            systems=(held.system,),
            culprit=Culprit(held.system, "medium", "its own parent and its other references disagree"),
            fix=f"correct the reference on {conflict.document.id} in {held.system}",
            subjects=(f"{conflict.document.kind}:{conflict.document.id}",),
            due=conflict.since + case.policy.grace("identity"),
            awaits=held.system,
        )
