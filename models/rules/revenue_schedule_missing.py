"""No revenue plan

An invoice (or credit) is posted and the ledger has no plan for one of its obligations: revenue will be short when the
period closes. Closes when the plan arrives.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.calendar import Span
from models.case import Case, Seen
from models.covers import from_order
from models.documents import Credit, Invoice, Line
from models.findings import Culprit, Finding, Severity
from models.references import Kind
from models.state import Cover

CODE = "revenue_schedule_missing"
SEVERITY = Severity.HIGH
SCOPE = "family"
CONCERNS = {Kind.INVOICE, Kind.CREDIT, Kind.REVENUE_ELEMENT, Kind.REVENUE_PLAN}


def check(case: Case) -> Iterator[Finding]:
    """Each line of the posted invoices and credits of this family that no planned revenue element stands for."""
    if not case.org.has("billing", "erp"):
        return
    documents: list[Seen[Invoice] | Seen[Credit]] = [*case.docs(Kind.INVOICE, Invoice), *case.docs(Kind.CREDIT, Credit)]
    for document in documents:
        if not document.alive or not document.doc.complete_lines:
            continue
        by_obligation = {(x.product, x.span.start): x for x in document.doc.lines if x.net and x.mapped}
        for line in by_obligation.values():
            planned = [c for c in _elements(case, document, line) if c.product == line.product]
            if not any(c.status == "posted" or not c.complete for c in planned):
                yield _finding(case, document, line)


def _elements(case: Case, document: Seen[Invoice] | Seen[Credit], line: Line) -> list[Cover]:
    """The elements that may stand for a line: made from its document, or (not for a credit) from the order."""
    made = case.made_from(document.ref)
    if isinstance(document.doc, Credit):
        return made
    dated = document.doc.dated
    start = line.span.start or dated
    over = case.within(Span(start, line.span.until), "revenue") if start else []
    same = [c for c in over if c.span.start == start or (c.span.start and start and c.span.start <= start and not _billed(c))]
    ordered = [*case.head.ordered.values(), *(c for c in over if from_order(c))]
    return [*made, *(c for c in same if c.source is None or c.source.kind is not Kind.CREDIT), *_first(ordered, line)]


def _billed(element: Cover) -> bool:
    """An element made from an invoice does not stand for what another invoice bills from a later day on."""
    return element.source is not None and element.source.kind is Kind.INVOICE


def _first(ordered: list[Cover], line: Line) -> list[Cover]:
    """An element made from an order stands for the lines that begin with it, not for what was added later."""
    return [c for c in ordered if c.span.start and line.span.start and c.span.start >= line.span.start]


def _finding(case: Case, document: Seen[Invoice] | Seen[Credit], line: Line) -> Finding:
    erp = case.system("erp")
    credit = f"/{document.number}" if isinstance(document.doc, Credit) else ""
    obligation = f"{line.product}/{line.span.start or document.doc.dated}{credit}"
    subscription = line.subscription or next((s.number for s in case.subscriptions), "")
    return Finding(
        rule=CODE,
        anchor=document.ref,
        part=obligation,
        subject=f"{subscription}/{obligation}",
        message=f"{document.number} is posted, and {erp} has no revenue plan for {obligation}",
        amount=case.money(line.net, document.doc.currency),
        systems=(case.system("billing"), erp),
        culprit=Culprit(erp, "medium", "the plan is the ERP's to make"),
        fix=f"create the revenue schedule of {obligation} in {erp}",
        evidence=(document.evidence(line.net),),
        subjects=(f"schedule:{obligation}", f"schedule:{line.product}/{line.span.start}"),
        due=document.posted + case.policy.grace("schedule"),
        awaits=erp,
    )
