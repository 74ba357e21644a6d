"""Sold, not ordered

A deal was won and nobody accepted a quote or activated an order for it: nothing downstream can start, and what was
promised is not what anybody signed. Closes when an accepted quote or an activated order names the deal.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case
from models.documents import Opportunity, Order, Status
from models.findings import Culprit, Finding, Severity
from models.references import Kind

CODE = "won_without_order"
SEVERITY = Severity.HIGH
SCOPE = "contract"
CONCERNS = {Kind.OPPORTUNITY, Kind.QUOTE, Kind.ORDER}


def check(case: Case) -> Iterator[Finding]:
    """Each won opportunity that no accepted quote and no activated order belongs to."""
    if not case.org.has("crm", "cpq"):
        return
    orders = [o for o in case.deals(Kind.ORDER, Order) if o.doc.status is Status.ORDERED]
    quoted = {q.doc.opportunity for q in case.quotes}
    named = {q.ref for q in case.quotes} | {n for q in case.quotes for n in q.held.names}
    unquoted = any(o.doc.quote not in named for o in orders)  # an order whose quote we have not seen may be anyone's
    for deal in case.deals(Kind.OPPORTUNITY, Opportunity):
        if deal.doc.status is not Status.WON or deal.ref in quoted or unquoted:
            continue
        if deal.doc.amount == 0 and not deal.doc.has_lines:
            continue
        cpq = case.system("cpq")
        yield Finding(
            rule=CODE,
            anchor=deal.ref,
            message=f"Opportunity {deal.ref.id} is won, and {cpq} shows no accepted quote or activated order for it",
            amount=case.money(deal.doc.amount, deal.doc.currency),
            systems=(case.system("crm"), cpq),
            culprit=Culprit(cpq, "medium", "the order desk has not followed the deal"),
            fix=f"create the order in {cpq}, or reopen the deal in {case.system('crm')}",
            evidence=(deal.evidence(deal.doc.amount),),
            subjects=(f"opportunity:{deal.ref.id}", "order"),
            due=deal.since(Status.WON) + case.policy.grace("won_to_order"),
            awaits=cpq,
        )
