"""A status we do not know

A document carries a status, type or currency id that its source's table does not list: it is never guessed, and rules
that need it wait. Closes when the mapping knows it or the document says another.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case
from models.findings import Culprit, Finding, Severity
from models.held import here
from models.references import Kind

CODE = "unknown_status"
SEVERITY = Severity.MEDIUM
SCOPE = "page"
CONCERNS = frozenset(Kind)


def check(case: Case) -> Iterator[Finding]:
    """One finding for each unknown value on each page, however many documents carry it."""
    seen = set()
    for held in (h for h in case.page.held.values() if here(h)):
        for unknown in held.unknown:
            if (held.system, unknown) in seen:
                continue
            seen.add((held.system, unknown))
            amount = getattr(held.document, "gross", None) or getattr(held.document, "amount", None)
            yield Finding(
                rule=CODE,
                anchor=held.ref,
                part=f"{unknown.field}={unknown.value}",
                message=f"{held.system} {held.ref.kind} {held.ref.id}: {unknown.field} is {unknown.value!r}, which no table lists",
                amount=case.money(amount, getattr(held.document, "currency", None)),
                systems=(held.system,),
                culprit=Culprit("mapping", "medium", "the mapping does not list this value"),
                fix=f"add {unknown.value!r} to the mapping's statuses of {held.system}",
                subjects=(f"{held.ref.kind}:{getattr(held.document, 'number', None) or held.ref.id}",),
            )
