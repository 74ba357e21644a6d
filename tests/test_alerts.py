"""The life of an alert: opened, changed, closed and opened again, one id for the life and one for each transition."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import alerts
from models.desk import Desk, Facts
from models.findings import Finding, Severity
from models.money import Money
from models.outputs import Alert
from models.policy import Policy, parse
from models.references import Kind, Ref
from models.state import AlertState, Standing
from tables.memory import Memory
from tests.contracts import fold, instant

D = Decimal
SUBSCRIPTION = Ref("o", Kind.SUBSCRIPTION, "S-1")
NOW = instant("2025-01-12 12:00")
ALONE = {"without": ["invoice", "booked", "element", "plan", "payment", "receipt"], "until": "2025-01-20 00:00"}


def seats(at: str, quantity: int) -> dict[str, Any]:
    """A newer version of the subscription with so many seats of 1,200.00 a year; ten were sold."""
    return {"of": "subscription", "at": at, "lines.0.quantity": str(quantity), "lines.0.net": f"{quantity * 1200}.00"}


def life(*changes: dict[str, Any]) -> list[Alert]:
    """The alert about the quantity, as billing changes it."""
    return fold({**ALONE, "then": list(changes)}).alerts("quantity_mismatch")


def test_an_alert_opens_changes_closes_and_comes_back() -> None:
    said = life(seats("2025-01-10 13:00", 9), seats("2025-01-13 09:00", 8), seats("2025-01-14 09:00", 10), seats("2025-01-15 09:00", 9))

    assert [(one.state, f"{one.at:%d %H}", str(one.amount_at_risk)) for one in said] == [
        ("opened", "12 13", "1,200.00 EUR"),
        ("changed", "13 09", "2,400.00 EUR"),
        ("closed", "14 09", "2,400.00 EUR"),  # says what it said last
        ("opened", "17 09", "1,200.00 EUR"),
    ]
    assert len({one.alert for one in said}) == 1
    assert len({one.id for one in said}) == 4
    assert [f"{one.opened_at:%d}" for one in said] == ["12", "12", "12", "17"]


def test_the_ids_are_the_same_in_every_replay() -> None:
    changes = (seats("2025-01-10 13:00", 9), seats("2025-01-14 09:00", 10))

    assert [one.id for one in life(*changes)] == [one.id for one in life(*changes)]


def test_what_does_not_change_is_not_said_again() -> None:
    """The same event ten times, and a newer one that says the same of the quantity."""
    again = [seats(f"2025-01-13 {hour:02d}:00", 9) for hour in range(9, 19)]

    assert [one.state for one in life(seats("2025-01-10 13:00", 9), *again)] == ["opened"]


def test_an_older_event_last_changes_nothing() -> None:
    old = {**seats("2025-01-14 09:00", 7), "version": "1"}

    assert [one.state for one in life(seats("2025-01-10 13:00", 9), old)] == ["opened"]


def test_an_alert_says_who_what_and_by_which_policy() -> None:
    (alert,) = life(seats("2025-01-10 13:00", 9))

    assert (alert.contract, alert.subject, alert.systems) == ("o/opportunity/D1", "SEATS", ("cpq", "zuora"))
    assert alert.values == (("cpq", "10"), ("zuora", "9"))
    assert alert.due_at == alert.at == alert.opened_at
    assert alert.policy == Policy.model_validate(parse("")).revision
    assert {str(one.ref) for one in alert.evidence} == {"o/subscription/S-1", "o/quote/Q1"}


def desk(text: str = "") -> Desk:
    return Desk(Memory(), Facts({}, parse(text)))


def finding(rule: str, amount: str | None, currency: str = "EUR") -> Finding:
    return Finding(rule, SUBSCRIPTION, "...", amount=Money(D(amount), currency) if amount is not None else None)


@pytest.mark.parametrize(
    ("rule", "amount", "wanted"),
    [
        ("quantity_mismatch", "1000.00", Severity.HIGH),  # the rule's own
        ("quantity_mismatch", "999.99", Severity.MEDIUM),  # below materiality: one down
        ("quantity_mismatch", "49999.99", Severity.HIGH),
        ("quantity_mismatch", "50000.00", Severity.CRITICAL),  # from the critical amount on: one up
        ("quantity_mismatch", None, Severity.HIGH),
        ("currency_mismatch", "50000.00", Severity.CRITICAL),  # nothing is above critical
        ("currency_mismatch", "1.00", Severity.HIGH),
        ("term_mismatch", "0.00", Severity.LOW),  # medium, one down
        ("entity_mismatch", "1.00", Severity.HIGH),  # a compliance rule never sinks below low
    ],
)
def test_severity_follows_the_amount(rule: str, amount: str | None, wanted: Severity) -> None:
    assert alerts.severity(desk(), finding(rule, amount)) is wanted


def test_severity_is_by_currency() -> None:
    policy = "critical_amount: {JPY: 7000000}\nmateriality: {JPY: 150000}"

    assert alerts.severity(desk(policy), finding("quantity_mismatch", "60000", "JPY")) is Severity.MEDIUM
    assert alerts.severity(desk(policy), finding("quantity_mismatch", "6999999", "JPY")) is Severity.HIGH
    assert alerts.severity(desk(policy), finding("quantity_mismatch", "7000000", "JPY")) is Severity.CRITICAL


def test_a_rule_that_is_gone_keeps_the_severity_of_its_finding() -> None:
    assert alerts.severity(desk(), finding("retired_rule", None)) is Severity.MEDIUM


def test_severity_is_raised_and_lowered_while_it_is_open() -> None:
    """One seat short: 1,200.00. A tenth of a seat: 120.00, below materiality. Fifty too many: 60,000.00."""
    few = {"of": "subscription", "at": "2025-01-13 09:00", "lines.0.quantity": "9.9", "lines.0.net": "11880.00"}
    said = life(seats("2025-01-10 13:00", 9), few, seats("2025-01-14 09:00", 60))

    assert [(one.state, one.severity) for one in said] == [("opened", "high"), ("changed", "medium"), ("changed", "critical")]


def test_closing_what_was_never_open_says_nothing() -> None:
    here = desk()
    alerts.move(here, SUBSCRIPTION, AlertState(), None, NOW, ())

    assert here.outputs == []


# What stands at each step: nothing, or a finding with one of three messages.
steps = st.lists(st.sampled_from([None, "a", "b", "c"]), max_size=12)


@given(steps)
def test_every_life_is_well_formed(messages: list[str | None]) -> None:
    """It opens only when closed, changes and closes only when open, and says each transition once, in order of time."""
    here, state = desk(), AlertState()
    for number, message in enumerate(messages):
        at = NOW + timedelta(hours=number)
        standing = Standing(Finding("quantity_mismatch", SUBSCRIPTION, message), at, at, ripe=True) if message else None
        alerts.move(here, SUBSCRIPTION, state, standing, at, ())
    said = [one for one in here.outputs if isinstance(one, Alert)]
    before = ["closed", *(one.state for one in said)]

    for was, one in zip(before, said, strict=False):
        assert (was == "closed") == (one.state == "opened")
    assert state.open is bool(messages and messages[-1])
    assert len({one.id for one in said}) == len(said) and len({one.alert for one in said}) <= 1
    assert sum(one.state == "opened" for one in said) == state.opening
