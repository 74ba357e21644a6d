"""A partition for tests: a log over records in memory, whose entries wait their turn or are drawn by lot; and statements."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

from models import correlation
from models.calendar import Span
from models.desk import Desk
from models.documents import Agreement, Application, Invoice, Line, Opportunity, Payment, Quote, Status, Subscription
from models.held import here
from models.identity import head_of
from models.log import Entry, route
from models.outputs import Output
from models.references import Kind, Ref
from models.statements import Statement
from tables.memory import Memory
from tests.histories import facts, ref

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
COMMERCIAL = [Kind.CONTRACT_NUMBER, Kind.CONTRACT, Kind.OPPORTUNITY, Kind.QUOTE, Kind.ORDER, Kind.SUBSCRIPTION]
SEEDS = range(20)


class Log:
    """One partition's log over records in memory; entries that are under way wait their turn, or are drawn by lot."""

    def __init__(self, lot: Random | None = None) -> None:
        self.records = Memory()
        self.outputs: list[Output] = []
        self._lot = lot

    def tell(self, *statements: Statement) -> Log:
        """Put statements on the log and fold until nothing is under way."""
        self.run([entry for statement in statements for entry in route(statement)])
        return self

    def run(self, waiting: list[tuple[Ref, Entry]]) -> None:
        """Fold until nothing is under way. Two entries for one node never overtake each other: they share a partition."""
        desk = Desk(self.records, facts())
        while waiting:
            place = self._lot.randrange(len(waiting)) if self._lot else 0
            place = next(n for n, (key, _) in enumerate(waiting) if key == waiting[place][0])
            key, entry = waiting.pop(place)
            desk.onward = []
            correlation.fold(desk, key, entry)
            waiting += desk.onward
        self.outputs += desk.outputs

    def head(self, of: Ref) -> Ref:
        head = head_of(self.records.node, of)
        assert head is not None
        return head

    def documents(self, head: Ref) -> dict[str, set[str]]:
        """The documents that belong to a contract, by the page they stand on."""
        own = self.records.head(head)
        pages = [own.page] if own else []
        pages += [page for name in self.records.pages(head) if (page := self.records.page(head, name))]
        found = {page.name: {str(held.ref) for held in page.held.values() if here(held)} for page in pages}
        return {name: refs for name, refs in found.items() if refs}

    def standing(self, rule: str) -> set[str]:
        """The keys of what a rule says now of any contract."""
        heads = list(self.records.heads.values())
        pages = [head.page for head in heads]
        pages += [p for head in heads for name in self.records.pages(head.ref) if (p := self.records.page(head.ref, name))]
        return {standing.finding.key for page in pages for standing in page.findings.get(rule, ())}


def said(
    own: Ref,
    document: object,
    *parents: Ref,
    version: int = 1,
    names: tuple[Ref, ...] = (),
    claims: tuple[Ref, ...] = (),
    at: datetime = NOON,
    thin: bool = False,
) -> Statement:
    system = "netsuite" if own.kind.startswith(("erp", "revenue")) else "salesforce" if own.commercial else "zuora"
    return Statement(
        f"{own}:{version}",
        system,
        own,
        (version,),
        document,  # type: ignore[arg-type]
        names=names,
        parents=parents,
        claims=claims,
        at=at,
        thin=thin,
    )


def commercial(own: Ref, *parents: Ref, names: tuple[Ref, ...] = ()) -> Statement:
    documents = {
        Kind.CONTRACT: Agreement(Status.ACTIVE),
        Kind.OPPORTUNITY: Opportunity(Status.PROPOSED),
        Kind.SUBSCRIPTION: Subscription(Status.SIGNED, own.id),
    }
    return said(own, documents.get(own.kind, Quote(Status.PROPOSED)), *parents, names=names)


def shuffled(statements: list[Statement], lot: Random) -> list[Statement]:
    """In any order, some of them twice."""
    order = [*statements, *lot.sample(statements, len(statements) // 2)]
    lot.shuffle(order)
    return order


S1, S2 = ref(Kind.SUBSCRIPTION, "S1"), ref(Kind.SUBSCRIPTION, "S2")
D1, D2 = ref(Kind.OPPORTUNITY, "D1"), ref(Kind.OPPORTUNITY, "D2")
INVOICE, BOOKED = ref(Kind.INVOICE, "INV1"), ref(Kind.ERP_INVOICE, "E1")
PAYMENT, CASH = ref(Kind.PAYMENT, "P1"), ref(Kind.ERP_PAYMENT, "C1")


def invoice(*lines: tuple[str, str | None]) -> Invoice:
    """A posted invoice of (net amount, subscription) lines."""
    span = Span(date(2025, 3, 1), date(2025, 4, 1))
    rows = tuple(Line(str(n), "P0", net=Decimal(net), tax=Decimal(0), span=span, subscription=s) for n, (net, s) in enumerate(lines))
    total = sum((row.net or Decimal(0) for row in rows), Decimal(0))
    return Invoice(Status.POSTED, "INV1", date(2025, 3, 1), currency="EUR", net=total, tax=Decimal(0), gross=total, lines=rows)


def family(parent: Ref, version: int = 1) -> list[Statement]:
    amount = Decimal("10.00")
    paid = Payment(Status.SETTLED, currency="EUR", amount=amount, applications=(Application(INVOICE, amount),))
    return [
        said(INVOICE, invoice(("10.00", parent.id)), parent, version=version),
        said(BOOKED, invoice(("10.00", parent.id)), INVOICE),
        said(PAYMENT, paid, INVOICE),
        said(CASH, paid, PAYMENT),
    ]
