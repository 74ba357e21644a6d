"""Claims: a document names one of another contract, which is a conflict and never a merger; and it goes when they are one."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from models.documents import Payment, RevenueElement, Status
from models.outputs import Alert
from models.references import Kind
from models.statements import Statement
from tests.histories import ref
from tests.partition import (
    BOOKED,
    D1,
    D2,
    INVOICE,
    NOON,
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

ELEMENT = ref(Kind.REVENUE_ELEMENT, "R1")


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
