"""How references join into contracts: the same heads, shares, conflicts and orphans whatever arrives first, and however often."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.documents import Invoice, Payment, Status, Subscription
from models.held import portion
from models.outputs import Merged
from models.references import Kind, Ref, least
from models.statements import Statement
from tests.histories import ref
from tests.partition import (
    BOOKED,
    CASH,
    COMMERCIAL,
    D1,
    INVOICE,
    PAYMENT,
    S1,
    S2,
    SEEDS,
    Log,
    commercial,
    family,
    invoice,
    said,
    shuffled,
)

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
    assert [(o.origin, o.contract) for o in log.outputs if isinstance(o, Merged)] == [(str(quote), str(deal))]


# -- leaves


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
def test_an_orphan_that_turns_out_to_be_shared_goes_to_both(seed: int) -> None:
    """Version 1 names no subscription, version 2 both; what each contract then holds is its own."""
    lot = Random(seed)
    document = invoice(("10.00", "S1"), ("7.50", "S2"))
    shared = [said(INVOICE, document), said(INVOICE, document, S1, S2, version=2)]
    log = Log(lot).tell(*shuffled([commercial(S1), commercial(S2), *shared], lot))
    mine, theirs = (page.held[str(INVOICE)] for s in (S1, S2) if (page := log.records.page(s, str(INVOICE))))
    parts = [portion(held) for held in (mine, theirs)]
    assert [part.net for part in parts if isinstance(part, Invoice)] == [Decimal("10.00"), Decimal("7.50")]
    assert mine.since is not theirs.since
    assert set(log.records.heads) == {S1, S2}


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
