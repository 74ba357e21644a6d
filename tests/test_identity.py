"""How references join into contracts: the same heads, shares, conflicts and orphans whatever arrives first, and however often."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import correlation
from models.calendar import Span
from models.desk import Desk
from models.documents import Agreement, Application, Invoice, Line, Opportunity, Payment, Quote, RevenueElement, Status, Subscription
from models.held import here, portion
from models.identity import head_of
from models.log import Entry, route
from models.outputs import Alert, Output
from models.references import Kind, Ref, least
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
        return head_of(Desk(self.records, facts()), of)

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


# -- heads


def expected_heads(statements: list[Statement]) -> dict[Ref, Ref]:
    """The least reference of all that are joined, by the plainest means there is."""
    groups: list[set[Ref]] = []
    for statement in statements:
        group = {statement.ref, *statement.names, *statement.parents}
        apart = [g for g in groups if not g & group]
        groups = [*apart, group.union(*(g for g in groups if g & group))]
    return {member: least(list(group)) for group in groups for member in group}


@st.composite
def graphs(draw: st.DrawFn) -> list[Statement]:
    """Commercial documents with other names and one parent each; a parent need not be known, nor be the smaller one."""
    pool = [ref(kind, str(number)) for kind in COMMERCIAL for number in range(3)]
    own = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=10, unique=True))
    found = []
    for one in own:
        parent = draw(st.one_of(st.none(), st.sampled_from(pool)))
        name = ref(one.kind, one.id + "'") if draw(st.booleans()) else None
        found.append(commercial(one, *((parent,) if parent and parent != one else ()), names=(name,) if name else ()))
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs(), st.randoms(use_true_random=False))
def test_any_order_of_hooks_gives_the_least_reference_as_head(statements: list[Statement], lot: Random) -> None:
    log = Log(lot).tell(*shuffled(statements, lot))
    wanted = expected_heads(statements)
    assert {member: log.head(member) for member in wanted} == wanted
    assert set(log.records.heads) == set(wanted.values())
    for head in set(wanted.values()):
        belong = {str(s.ref) for s in statements if wanted[s.ref] == head}
        assert log.documents(head) == {"": belong}, "every document is at its head, once"


def test_a_merger_is_told_once_and_names_both() -> None:
    quote, deal = ref(Kind.QUOTE, "Q"), ref(Kind.OPPORTUNITY, "D")
    log = Log().tell(commercial(quote), commercial(deal))
    log.tell(commercial(quote, deal, names=(ref(Kind.QUOTE, "Q-1"),)))
    assert [(o.origin, o.contract) for o in log.outputs if o.kind == "merged"] == [(str(quote), str(deal))]  # type: ignore[attr-defined]


# -- leaves

S1, S2 = ref(Kind.SUBSCRIPTION, "S1"), ref(Kind.SUBSCRIPTION, "S2")
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


@pytest.mark.parametrize("seed", SEEDS)
def test_a_leaf_that_moves_takes_along_what_hangs_below_it(seed: int) -> None:
    """Version 2 of the invoice names the second subscription; its ledger copy and payments follow, in any order."""
    lot = Random(seed)
    moved = said(INVOICE, invoice(("10.00", "S2")), S2, version=2)
    log = Log(lot).tell(*shuffled([commercial(S1), commercial(S2), *family(S1), moved], lot))
    assert log.documents(S1) == {"": {str(S1)}}
    assert log.documents(S2) == {"": {str(S2)}, str(INVOICE): {str(r) for r in (INVOICE, BOOKED, PAYMENT, CASH)}}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_leaf_that_moves_back_is_where_it_was(seed: int) -> None:
    lot = Random(seed)
    moves = [said(INVOICE, invoice(("10.00", s.id)), s, version=v) for v, s in ((2, S2), (3, S1))]
    everything = {"": {str(S1)}, str(INVOICE): {str(r) for r in (INVOICE, BOOKED, PAYMENT, CASH)}}
    log = Log(lot).tell(*shuffled([commercial(S1), commercial(S2), *family(S1), *moves], lot))
    assert log.documents(S1) == everything
    assert log.documents(S2) == {"": {str(S2)}}
    slow = Log(lot)
    for statement in [commercial(S1), commercial(S2), *family(S1), *moves, *family(S1)[1:]]:
        slow.tell(statement)
    assert slow.documents(S1) == everything


def test_what_hangs_below_a_moved_leaf_follows_although_its_old_contract_became_a_part_of_another() -> None:
    """The ledger copy's node still knows the way to the first subscription, which meanwhile is a part of a deal."""
    log = Log().tell(commercial(S1), commercial(S2), *family(S1), *family(S1))
    log.tell(said(INVOICE, invoice(("10.00", "S2")), S2, version=2)).tell(commercial(S1, D1))
    log.tell(said(CASH, Payment(Status.FAILED, currency="EUR", amount=Decimal(10)), PAYMENT, version=2))
    assert log.documents(D1) == {"": {str(S1)}}
    page = log.records.page(S2, str(INVOICE))
    assert page is not None
    assert page.held[str(CASH)].version == (2,)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_payment_that_moves_leaves_the_invoice_where_it_is(seed: int) -> None:
    lot = Random(seed)
    other = said(ref(Kind.INVOICE, "INV2"), invoice(("10.00", "S2")), S2)
    moved = said(PAYMENT, Payment(Status.SETTLED, currency="EUR", amount=Decimal(10)), other.ref, version=2)
    log = Log(lot).tell(*shuffled([commercial(S1), commercial(S2), *family(S1), other, moved], lot))
    assert log.documents(S1) == {"": {str(S1)}, str(INVOICE): {str(INVOICE), str(BOOKED)}}
    assert log.documents(S2) == {"": {str(S2)}, str(other.ref): {str(other.ref), str(PAYMENT), str(CASH)}}


@pytest.mark.parametrize("seed", SEEDS)
def test_shares_of_an_invoice_over_two_contracts_sum_to_it(seed: int) -> None:
    lot = Random(seed)
    document = invoice(("10.00", "S1"), ("7.50", "S2"), ("-0.50", "S1"))
    log = Log(lot).tell(*shuffled([commercial(S1), commercial(S2), said(INVOICE, document, S1, S2)], lot))
    parts = []
    for head in (S1, S2):
        page = log.records.page(head, str(INVOICE))
        assert page is not None
        part = portion(page.held[str(INVOICE)])
        assert isinstance(part, Invoice)
        parts.append(part)
    assert [part.net for part in parts] == [Decimal("9.50"), Decimal("7.50")]
    assert sum(part.gross or 0 for part in parts) == document.gross
    assert {line for part in parts for line in part.lines} == set(document.lines)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_shared_invoice_is_whole_again_when_its_contracts_become_one(seed: int) -> None:
    lot = Random(seed)
    document = invoice(("10.00", "S1"), ("7.50", "S2"))
    agreement = ref(Kind.CONTRACT, "K")
    told = [commercial(S1, agreement), commercial(S2, agreement), said(INVOICE, document, S1, S2)]
    log = Log(lot).tell(*shuffled(told, lot))
    page = log.records.page(agreement, str(INVOICE))
    assert page is not None
    assert portion(page.held[str(INVOICE)]) == document
    month = log.records.month(agreement, "2025-03")
    assert month is not None
    assert sorted(c.net for c in month.covers) == [Decimal("7.50"), Decimal("10.00")], "each line stands in its month once"


@pytest.mark.parametrize("seed", SEEDS)
def test_other_names_of_a_leaf_lead_to_it(seed: int) -> None:
    """A payment that knows the invoice by its internal id is on the invoice's page, and a notification under it is too."""
    lot = Random(seed)
    internal = ref(Kind.INVOICE, "8ad0")
    told = [
        commercial(S1),
        said(INVOICE, invoice(("10.00", "S1")), S1, names=(internal,)),
        said(PAYMENT, Payment(Status.SETTLED, currency="EUR", amount=Decimal(10)), internal),
        said(internal, None, thin=True),
    ]
    log = Log(lot).tell(*shuffled(told, lot))
    assert log.documents(S1) == {"": {str(S1)}, str(INVOICE): {str(INVOICE), str(PAYMENT)}}
    assert log.head(internal) == log.head(PAYMENT) == S1
    assert set(log.records.heads) == {S1}


@pytest.mark.parametrize("seed", SEEDS)
def test_an_orphan_stands_until_its_contract_comes(seed: int) -> None:
    """The ledger knows an invoice of which billing has said nothing: an orphan, and none any more when it is linked."""
    lot = Random(seed)
    bill, booked, payment, cash = family(S1)
    log = Log(lot).tell(*shuffled([booked, cash, payment], lot))
    assert {key.split("|")[1] for key in log.standing("orphan_document")} == {str(r) for r in (BOOKED, PAYMENT, CASH)}
    log.tell(bill)
    assert {key.split("|")[1] for key in log.standing("orphan_document")} == {str(r) for r in (INVOICE, BOOKED, PAYMENT, CASH)}
    log.tell(commercial(S1))
    assert log.standing("orphan_document") == set()


def test_master_data_joins_nothing() -> None:
    customer = ref(Kind.CUSTOMER, "acme")
    log = Log().tell(said(S1, Subscription(customer=customer), customer), said(S2, Subscription(customer=customer), customer))
    assert log.head(S1) == S1
    assert log.head(S2) == S2


# -- claims

ELEMENT = ref(Kind.REVENUE_ELEMENT, "R1")
D1, D2 = ref(Kind.OPPORTUNITY, "D1"), ref(Kind.OPPORTUNITY, "D2")


def claiming() -> list[Statement]:
    """Two deals, and a ledger invoice of the first one's subscription that names the second's."""
    return [
        commercial(S1, D1),
        commercial(S2, D2),
        said(INVOICE, invoice(("10.00", "S1")), S1),
        said(BOOKED, invoice(("10.00", "S1")), INVOICE, claims=(S1, S2)),
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_claim_to_another_contract_is_a_conflict_and_joins_nothing(seed: int) -> None:
    lot = Random(seed)
    log = Log(lot).tell(*shuffled(claiming(), lot))
    assert log.standing("identity_conflict") == {f"identity_conflict|{BOOKED}|{S2}|"}
    assert (log.head(S1), log.head(S2)) == (D1, D2)
    assert log.head(BOOKED) == D1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_conflict_is_gone_when_the_two_are_one_contract(seed: int) -> None:
    lot = Random(seed)
    agreement = ref(Kind.CONTRACT, "K")
    joining = [commercial(D1, agreement), commercial(D2, agreement)]
    log = Log(lot).tell(*shuffled([*claiming(), *joining], lot))
    assert log.standing("identity_conflict") == set()
    late = Log(lot).tell(*shuffled(claiming(), lot)).tell(*joining)
    assert late.standing("identity_conflict") == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_conflict_is_gone_when_a_newer_version_names_the_right_one(seed: int) -> None:
    lot = Random(seed)
    right = said(BOOKED, invoice(("10.00", "S1")), INVOICE, version=2, claims=(S1,))
    assert Log(lot).tell(*shuffled([*claiming(), right], lot)).standing("identity_conflict") == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_what_follows_a_moved_invoice_is_asked_again_for_its_claims(seed: int) -> None:
    """The invoice moves to the second subscription and its ledger copy with it, which still names the first."""
    lot = Random(seed)
    told = [*claiming()[:3], said(BOOKED, invoice(("10.00", "S1")), INVOICE, claims=(S1,))]
    moved = said(INVOICE, invoice(("10.00", "S2")), S2, version=2)
    log = Log(lot).tell(*shuffled([*told, moved], lot))
    assert log.standing("identity_conflict") == {f"identity_conflict|{BOOKED}|{S1}|"}
    late = Log(lot).tell(*shuffled(told, lot)).tell(moved)
    assert late.standing("identity_conflict") == {f"identity_conflict|{BOOKED}|{S1}|"}


def test_a_claim_waits_at_a_node_that_belongs_nowhere_yet() -> None:
    log = Log().tell(commercial(S1, D1), said(ELEMENT, RevenueElement(product="P0"), S1, claims=(S2,)))
    assert log.standing("identity_conflict") == set()
    log.tell(commercial(S2, D2))
    assert log.standing("identity_conflict") == {f"identity_conflict|{ELEMENT}|{S2}|"}


def test_an_alert_keeps_its_life_when_its_contract_gets_another_head() -> None:
    """The orphan's alert opens at the invoice, and closes, one life, at the contract that came later."""
    log = Log().tell(said(BOOKED, invoice(("10.00", "S1")), INVOICE))
    later = NOON + timedelta(days=30)
    log.tell(said(PAYMENT, Payment(Status.SETTLED, currency="EUR", amount=Decimal(10)), INVOICE, at=later))
    log.tell(*family(S1)[:1], commercial(S1))
    lives = [(o.state, o.contract) for o in log.outputs if isinstance(o, Alert) and o.subject == BOOKED.id and o.rule == "orphan_document"]
    assert lives == [("opened", str(INVOICE)), ("closed", str(S1))]
