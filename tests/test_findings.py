"""Findings: keys that never change, and of several on one subject only the closest to the cause alerts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.findings import STAGES, Finding, precedence
from models.money import Money
from models.references import Kind, Ref
from models.rules import rules
from models.state import Ripe
from tests.contracts import FOLDER, fold, instant, load

INVOICE = Ref("o", Kind.INVOICE, "INV-1")
# An amended contract: billing shows the old terms and another price, so two rules speak of one product.
BOTH = {
    "without": ["invoice", "booked", "element", "plan", "payment", "receipt"],
    "change": {"subscription.currency": "USD", "subscription.lines.0.quantity": "9", "subscription.lines.0.net": "10800.00"},
    "until": "2025-01-15 12:00",
}


def ripe(rule: str, *subjects: str, key: str = "") -> Ripe:
    return Ripe(key or f"{rule}-key", rule, "", subjects)


def test_a_key_is_rule_anchor_part_and_period() -> None:
    finding = Finding("invoice_missing", INVOICE, "...", part="SEATS", period="2025-01-15")

    assert finding.key == "invoice_missing|o/invoice/INV-1|SEATS|2025-01-15"
    assert len(finding.alert) == 24


def test_a_key_outlives_what_may_change() -> None:
    """Message, amount, severity, evidence, deadline and subject change while it stands; key and alert do not."""
    finding = Finding("invoice_missing", INVOICE, "...", part="SEATS")
    more = msgspec.structs.replace(
        finding, message="other", amount=Money(Decimal(1), "EUR"), subject="INV-1", grace=timedelta(1), subjects=("x",), systems=("zuora",)
    )

    assert (more.key, more.alert) == (finding.key, finding.alert)
    assert more.says() != finding.says()


@pytest.mark.parametrize("changed", [{"rule": "x"}, {"anchor": Ref("p", Kind.INVOICE, "INV-1")}, {"part": "x"}, {"period": "x"}])
def test_another_divergence_has_another_key(changed: dict[str, object]) -> None:
    finding = Finding("invoice_missing", INVOICE, "...")
    other = msgspec.structs.replace(finding, **changed)

    assert other.key != finding.key and other.alert != finding.alert


def test_every_rule_has_a_stage() -> None:
    assert set(rules()) <= set(STAGES)


@pytest.mark.parametrize(
    ("cause", "effect"),
    [
        ("unknown_status", "invoice_not_in_erp"),
        ("invoice_not_in_erp", "entity_mismatch"),
        ("entity_mismatch", "currency_mismatch"),
        ("currency_mismatch", "line_mismatch"),
        ("line_mismatch", "amendment_not_in_billing"),
        ("amendment_not_in_billing", "quantity_mismatch"),
        ("quantity_mismatch", "price_mismatch"),  # one stage, in the order of the list
        ("price_mismatch", "amount_mismatch_crm_billing"),
        ("invoice_amount_mismatch_billing_erp", "invoice_off_schedule"),  # it comes after the amount rules
        ("invoice_off_schedule", "revenue_total_mismatch"),
        ("revenue_total_mismatch", "revenue_schedule_drift"),
    ],
)
def test_the_lowest_stage_alerts(cause: str, effect: str) -> None:
    for rows in ([ripe(cause, "a", "b"), ripe(effect, "b")], [ripe(effect, "b"), ripe(cause, "a", "b")]):
        assert precedence(rows) == {f"{cause}-key": None, f"{effect}-key": f"{cause}-key"}


def test_without_a_common_subject_both_alert() -> None:
    assert precedence([ripe("line_mismatch", "a"), ripe("price_mismatch", "b")]) == {"line_mismatch-key": None, "price_mismatch-key": None}


def test_two_findings_of_one_rule_are_no_cause_of_each_other() -> None:
    assert set(precedence([ripe("line_mismatch", "a", key="1"), ripe("line_mismatch", "a", key="2")]).values()) == {None}


def test_an_effect_is_no_cause() -> None:
    """A and B share x, B and C share y: B is an effect of A, and C, which has nothing to do with A, alerts."""
    rows = [ripe("currency_mismatch", "x"), ripe("line_mismatch", "x", "y"), ripe("price_mismatch", "y")]

    assert precedence(rows) == {"currency_mismatch-key": None, "line_mismatch-key": "currency_mismatch-key", "price_mismatch-key": None}


names = st.sampled_from(sorted(STAGES))
rows_ = st.lists(st.builds(ripe, names, st.sampled_from("abc"), st.sampled_from("abc")), max_size=12, unique_by=lambda r: r.key)


@given(st.data(), rows_)
def test_precedence_does_not_depend_on_order(data: st.DataObject, rows: list[Ripe]) -> None:
    """Every finding has a verdict, and every cause alerts itself and stands no later in the list of stages."""
    verdict = precedence(rows)
    by_key = {row.key: row for row in rows}
    order = list(STAGES)

    assert precedence(data.draw(st.permutations(rows))) == verdict
    assert set(verdict) == set(by_key)
    for key, cause in verdict.items():
        assert cause is None or verdict[cause] is None
        assert cause is None or order.index(by_key[cause].rule) < order.index(by_key[key].rule)
        assert cause is None or set(by_key[cause].subjects) & set(by_key[key].subjects)


def test_only_the_cause_alerts_and_lists_its_effect() -> None:
    folded = fold(BOTH)
    opened = [one for one in folded.alerts() if one.state == "opened"]

    assert [one.rule for one in opened] == ["currency_mismatch"]
    assert opened[0].effects == ("quantity_mismatch|o/subscription/S-1|SEATS|",)
    assert [one.ripe for one in folded.standing("quantity_mismatch")] == [True]


def test_an_effect_opens_by_itself_when_the_cause_closes() -> None:
    """At the moment at which the currency is right, not after another grace: it has been known for as long."""
    folded = fold({**BOTH, "then": [{"of": "subscription", "at": "2025-01-14 09:00", "currency": "EUR"}]})
    shown = [(one.rule, one.state, one.at) for one in folded.alerts()]

    assert shown == [
        ("currency_mismatch", "opened", instant("2025-01-12 12:00")),
        ("currency_mismatch", "closed", instant("2025-01-14 09:00")),
        ("quantity_mismatch", "opened", instant("2025-01-14 09:00")),
    ]


def test_a_later_cause_closes_the_effect() -> None:
    """First the quantity, then the currency: the alert moves to the cause, and comes back with the same id."""
    case = {**BOTH, "change": {"subscription.lines.0.quantity": "9", "subscription.lines.0.net": "10800.00"}, "until": "2025-01-20 00:00"}
    wrong, right = (
        {"of": "subscription", "at": "2025-01-12 18:00", "currency": "USD"},
        {"of": "subscription", "at": "2025-01-16 09:00", "currency": "EUR"},
    )
    folded = fold({**case, "then": [wrong, right]})
    quantity = folded.alerts("quantity_mismatch")

    assert [(one.state, one.at) for one in quantity] == [
        ("opened", instant("2025-01-12 12:00")),
        ("changed", instant("2025-01-12 18:00")),  # its amount is in another currency now
        ("closed", instant("2025-01-14 18:00")),
        ("opened", instant("2025-01-16 09:00")),
    ]
    assert len({one.alert for one in quantity}) == 1 and len({one.id for one in quantity}) == 4


@pytest.mark.parametrize("rule", ["invoice_not_in_erp", "quantity_mismatch", "revenue_schedule_drift", "orphan_document"])
def test_a_replay_gives_the_same_keys(rule: str) -> None:
    """Twice the same contract: the same alerts with the same ids."""
    case = next(one for one in load(FOLDER / f"{rule}.yaml") if "fires" in one)

    assert fold(case).alerts(rule) == fold(case).alerts(rule) != []
