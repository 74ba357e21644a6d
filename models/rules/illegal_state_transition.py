"""Impossible order of things

By a higher version a document moved along no edge of its table (paid back to draft, cancelled back to active): somebody
edited what must not be edited, or we were told an untruth. Closes when its newest move is a legal one.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from models.case import Case
from models.documents import Status
from models.findings import Culprit, Finding, Severity
from models.held import here
from models.references import Kind
from models.transitions import legal

CODE = "illegal_state_transition"
SEVERITY = Severity.HIGH
SCOPE = "page"
CONCERNS = frozenset(Kind)


def check(case: Case) -> Iterator[Finding]:
    """Each document of the page whose last two different statuses, by version, form no edge."""
    for held in case.page.held.values():
        statuses = [Status(status) for _, status in held.trail]
        moves = [(a, b) for a, b in pairwise(statuses) if a is not b]
        if not here(held) or not moves or legal(held.ref.kind, *moves[-1]):
            continue
        before, after = moves[-1]
        amount = getattr(held.document, "gross", None) or getattr(held.document, "amount", None)
        yield Finding(
            rule=CODE,
            anchor=held.ref,
            part=f"{before}>{after}",
            message=f"{held.system} {held.ref.kind} {held.ref.id} went from {before} to {after}, which is no legal step",
            amount=case.money(amount, getattr(held.document, "currency", None)),
            systems=(held.system,),
            culprit=Culprit(held.system, "high", "its own versions say so"),
            fix=f"read {held.ref.id} again from {held.system}; if it says the same, ask there",
            subjects=(f"{held.ref.kind}:{getattr(held.document, 'number', None) or held.ref.id}",),
        )
