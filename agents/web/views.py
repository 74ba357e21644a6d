"""The contract page: from one contract's records to plain data, ready for JSON and for the page."""

from __future__ import annotations

from datetime import datetime

import msgspec

from agents.web.ledger import Entry, ledger
from agents.web.obligations import Obligation, obligations
from agents.web.progress import Step, progress
from agents.web.reading import Located
from agents.web.standing import EXPECTED, OPEN, StandingView, standing
from agents.web.systems import Table, side_by_side
from agents.web.timeline import Timeline, timeline
from agents.web.verdict import Verdict, verdict
from models.case import Case, Seen
from models.desk import Desk, Facts
from models.documents import Order
from models.references import Kind
from models.state import Page
from models.summary import ContractRow, alert_rows, contract_row


class ContractView(msgspec.Struct, frozen=True):
    """One contract: the verdict, the systems side by side, the milestones, what stands, and how it came to be."""

    contract: ContractRow
    at: datetime
    verdict: Verdict
    standing: list[StandingView]
    systems: Table
    milestones: list[Step]
    ledger: list[Entry]
    obligations: list[Obligation]
    timeline: Timeline
    policy: str
    mapping: str

    def in_state(self, *states: str) -> list[StandingView]:
        """The findings in any of these states."""
        return [s for s in self.standing if s.state in states]

    @property
    def open(self) -> list[StandingView]:
        """The findings that alert now."""
        return self.in_state(OPEN)

    @property
    def quiet(self) -> list[StandingView]:
        """The findings that wait or are effects; what is only expected of later days is apart."""
        return [s for s in self.standing if s.state not in (OPEN, EXPECTED)]

    @property
    def expected(self) -> list[StandingView]:
        """What is expected next."""
        return self.in_state(EXPECTED)


def contract(located: Located, facts: Facts, now: datetime) -> ContractView | None:
    """Everything about one contract at `now`; None for master data, which is no contract."""
    head, partition = located.head, located.partition
    row = contract_row(head)
    if row is None:
        return None
    desk = Desk(partition, facts)
    named = [page for name in partition.pages(head.ref) if name and (page := partition.page(head.ref, name))]
    pages: list[Page] = [head.page, *named]
    # deadlines and "today" are those of the fold's present, as the rules see them at the next tick
    cases = [(page, Case(desk, head, page, max(now, head.now))) for page in pages]
    case = cases[0][1]
    found = standing(head, pages, case.now, case.today)
    opened = [row for page in pages for row in alert_rows(str(head.ref), page).values()]
    unread = sum(1 for page in pages for held in page.held.values() if held.thin)
    documents = sum(1 for page in pages for held in page.held.values() if held.document is not None)
    orders: list[Seen[Order]] = [o for _, c in cases for o in c.docs(Kind.ERP_ORDER, Order)]
    return ContractView(
        contract=row,
        at=case.now,
        verdict=verdict(found, opened, unread, documents, case.now),
        standing=found,
        systems=side_by_side(case, orders),
        milestones=progress(cases, found),
        ledger=ledger(cases, found),
        obligations=obligations(cases),
        timeline=timeline(pages),
        policy=facts.policy.revision,
        mapping=case.org.mapping_version,
    )
