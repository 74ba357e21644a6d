"""The policy: what ships, what a file may override, and that every mistake is named with its path."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.policy import PolicyError, default, parse
from tests.contracts import FOLDER, fold, load

# Hours that ship, as the rules state them.
SHIPPED = {
    "won_to_order": 48,
    "won_to_subscription": 72,
    "invoice_due": 24,
    "invoice_to_erp": 24,
    "credit_to_erp": 24,
    "void_to_erp": 24,
    "payment_to_billing": 24,
    "payment_to_erp": 48,
    "amendment_to_billing": 48,
    "amendment_to_erp": 48,
    "schedule": 24,
    "renewal": 24,
    "identity": 24,
    "read": 1,
}


def test_the_shipped_graces_are_those_of_the_rules() -> None:
    assert {name: default().grace(name) for name in SHIPPED} == {name: timedelta(hours=hours) for name, hours in SHIPPED.items()}
    assert (default().grace_recognition_days, default().grace_settlement_days, default().grace_unapplied_days) == (3, 5, 3)


def test_the_shipped_tolerances_are_those_of_the_rules() -> None:
    policy = default()

    assert (policy.amount_tolerance_units, policy.unit_price_decimals, policy.date_tolerance_days) == (1, 6, 0)
    assert [policy.default_materiality, policy.default_critical_amount, policy.quantity_tolerance] == [
        Decimal(1000),
        Decimal(50000),
        Decimal(0),
    ]


def test_a_file_overrides_what_it_names_and_nothing_else() -> None:
    policy = parse(
        "grace_won_to_order: 12\nmateriality: {JPY: 150000}\nholidays: [2025-12-25]\nquantity_tolerance: '0.5'\n'off': [term_mismatch]"
    )

    assert policy.grace("won_to_order") == timedelta(hours=12)
    assert policy.grace("won_to_subscription") == timedelta(hours=72)
    assert policy.materiality == {"JPY": Decimal(150000)} and date(2025, 12, 25) in policy.holidays
    assert policy.quantity_tolerance == Decimal("0.5") and policy.off == {"term_mismatch"}


@pytest.mark.parametrize("text", ["", "---", "# nothing\n", "{}"])
def test_an_empty_file_is_the_shipped_policy(text: str) -> None:
    assert parse(text) == default()


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("grace_won_to_ordr: 12", "grace_won_to_ordr"),
        ("grace_won_to_order: -1", "grace_won_to_order"),
        ("grace_won_to_order: soon", "grace_won_to_order"),
        ("grace_won_to_order: 8785", "grace_won_to_order"),  # more than a leap year
        ("materiality: {JPY: much}", "materiality.JPY"),
        ("holidays: [Christmas]", "holidays"),
        ("settled_by: gateway", "settled_by"),
        ("default_critical_amount: 0", "default_critical_amount"),
        ("quantity_tolerance: -1", "quantity_tolerance"),
        ("date_tolerance_days: 32", "date_tolerance_days"),
        ("- a list", "mapping of names"),
        ("a: [", "not YAML"),
        ("just text", "mapping of names"),
    ],
)
def test_a_mistake_is_named(text: str, path: str) -> None:
    with pytest.raises(PolicyError, match=f"^policy.yaml: .*{path}"):
        parse(text, "policy.yaml")


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(PolicyError) as error:
        parse("grace_read: -1\nsilence: {zuora: 0}\nunknown: 1")

    assert all(name in str(error.value) for name in ("grace_read", "silence.zuora", "unknown"))


def test_the_revision_identifies_the_content() -> None:
    """The order of a file, and of its sets, does not count; any value does."""
    a = parse("holidays: [2025-12-25, 2025-12-26]\n'off': [a, b]\ngrace_read: 2")
    b = parse("grace_read: 2\n'off': [b, a]\nholidays: [2025-12-26, 2025-12-25]")

    assert a.revision == b.revision == parse("grace_read: 2\n'off': [b, a]\nholidays: [2025-12-26, 2025-12-25]").revision
    assert len({a.revision, default().revision, parse("grace_read: 3").revision, parse("version: 2").revision}) == 4


@given(st.sampled_from(sorted(SHIPPED)), st.integers(0, 24 * 366))
def test_any_change_of_a_grace_is_another_revision(name: str, hours: int) -> None:
    policy = parse(f"grace_{name}: {hours}")

    assert policy.grace(name) == timedelta(hours=hours)
    assert (policy.revision == default().revision) == (hours == SHIPPED[name])


def test_a_policy_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValueError, match="frozen"):
        default().grace_read = 5  # type: ignore[misc]


def test_a_rule_that_is_off_says_nothing() -> None:
    case = next(one for one in load(FOLDER / "term_mismatch.yaml") if "fires" in one)

    assert fold(case).alerts("term_mismatch")
    assert fold({**case, "policy": {"off": ["term_mismatch"]}}).alerts() == []


def test_a_longer_grace_opens_later() -> None:
    """The same contract under the grace that ships and under one of 60 hours."""
    case = next(one for one in load(FOLDER / "term_mismatch.yaml") if "fires" in one)
    later = fold({**case, "policy": {"grace_amendment_to_billing": 60}})

    assert later.alerts()[0].at - fold(case).alerts()[0].at == timedelta(hours=12)


def test_history_before_the_watch_is_not_billed_again() -> None:
    case = load(FOLDER / "invoice_missing.yaml")[0]

    assert fold(case).alerts("invoice_missing")
    assert fold({**case, "policy": {"watch_from": date(2025, 2, 1)}}).alerts("invoice_missing") == []
