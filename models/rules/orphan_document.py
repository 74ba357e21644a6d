"""Document without a contract

An invoice, payment or schedule names no contract that we know, and none has come to claim it: money that belongs to
nobody. Closes when a link arrives.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case
from models.findings import Culprit, Finding, Severity
from models.held import here
from models.references import Kind

CODE = "orphan_document"
SEVERITY = Severity.MEDIUM
SCOPE = "family"
CONCERNS = frozenset(kind for kind in Kind)


def check(case: Case) -> Iterator[Finding]:
    """The documents of a group that no commercial document belongs to; notifications alone are never orphans."""
    head = case.head.ref
    if head.master or any(here(held) for held in case.head.page.held.values()):
        return
    for held in case.page.held.values():
        if held.ref.master or not here(held):
            continue
        amount = (
            getattr(held.document, "gross", None) or getattr(held.document, "amount", None) or getattr(held.document, "allocated", None)
        )
        yield Finding(
            rule=CODE,
            anchor=held.ref,
            message=f"{held.system} {held.ref.kind} {held.ref.id} belongs to no contract that we know",
            amount=case.money(amount, getattr(held.document, "currency", None)),
            systems=(held.system,),
            culprit=Culprit(held.system, "medium", "its reference to the contract is missing or wrong"),
            fix=f"set the reference to its contract on {held.ref.id} in {held.system}",
            subjects=(f"{held.ref.kind}:{held.ref.id}", f"group:{head.id}"),
            due=held.first_at + case.policy.grace("identity"),
            awaits=None,
        )
