"""Same service billed again

Two live lines bill one product of a subscription for overlapping days, and more units than the subscription has are
billed there. Closes when one is credited or void.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from models.case import Case, Seen
from models.documents import Charge, Invoice, Line
from models.findings import Culprit, Finding, Severity
from models.money import ZERO, rounded
from models.references import Kind
from models.state import Cover

CODE = "service_period_billed_twice"
SEVERITY = Severity.HIGH
SCOPE = "family"
CONCERNS = {Kind.INVOICE, Kind.CREDIT, Kind.SUBSCRIPTION}


def check(case: Case) -> Iterator[Finding]:
    """Each recurring line of this family's live invoices that overlaps a line of an earlier invoice without a reason."""
    for invoice in case.docs(Kind.INVOICE, Invoice):
        if not invoice.alive or not invoice.doc.complete_lines:
            continue
        for line in invoice.doc.lines:
            if line.charge is Charge.RECURRING and (line.net or ZERO) > 0 and line.span.start and line.span.until:
                yield from _line(case, invoice, line)


def _line(case: Case, invoice: Seen[Invoice], line: Line) -> Iterator[Finding]:
    lines = [c for c in case.within(line.span, "billing") if c.product == line.product and c.subscription == line.subscription]
    if any(c.net < 0 for c in lines):
        return  # a credit or a proration pair, which may stand on this invoice itself, explains it
    others = [c for c in lines if c.document != invoice.ref]
    for cover in others:
        if cover.number > invoice.number or _explained(case, line, [c for c in others if c.net > 0]):
            continue
        overlap = line.span.overlap(cover.span)
        if overlap is not None and overlap.start and overlap.until:
            yield _finding(case, invoice, line, cover)


def _explained(case: Case, line: Line, others: list[Cover]) -> bool:
    """Whether all overlapping lines together bill no more units than the subscription has."""
    assert line.span.start is not None
    wanted = [t for t in case.terms if line.subscription in (None, t.subscription.number)]
    had = sum((x.quantity or ZERO for t in wanted for x in t.billed_lines(line.product, line.span.start)), ZERO)
    billed = (line.quantity or ZERO) + sum((c.quantity or ZERO for c in others if c.span.holds(line.span.start)), ZERO)
    return bool(wanted) and billed <= had


def _finding(case: Case, invoice: Seen[Invoice], line: Line, cover: Cover) -> Finding:
    overlap = line.span.overlap(cover.span)
    assert overlap is not None
    smaller, days = min(((line.net or ZERO, line.span.days()), (cover.net, cover.span.days())))
    currency = invoice.doc.currency or ""
    share = Fraction(smaller) * overlap.days() / days
    return Finding(
        rule=CODE,
        anchor=invoice.ref,
        part=f"{line.product} {overlap.start}..{overlap.until}",
        subject=invoice.number,
        message=f"{invoice.number} bills {line.product} from {overlap.start} to {overlap.until} again after {cover.number}",
        amount=case.money(rounded(share, currency), currency),
        systems=(case.system("billing"),),
        culprit=Culprit(case.system("billing"), "high", "both lines are its own"),
        fix=f"credit the overlap on {invoice.number}",
        evidence=(invoice.evidence(line.net),),
        subjects=(f"invoice:{invoice.number}",),
    )
