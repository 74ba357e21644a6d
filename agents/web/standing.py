"""What stands on a contract: findings that wait, alert or are effects of others, with their evidence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import msgspec

from agents.web import wording
from models.calendar import month_end
from models.evaluation import ANY
from models.findings import Culprit, Evidence, Finding, Severity
from models.money import Money
from models.rules import rules
from models.state import AlertState, Head, Page, Standing

OPEN, EFFECT, WAITING, EXPECTED = "open", "effect", "waiting", "expected"


class Proof(msgspec.Struct, frozen=True):
    """One document as it was when the finding was made, down to the native bytes."""

    ref: str
    system: str
    version: str
    value: str
    topic: str = ""
    partition: int = 0
    offset: int = 0
    sha256: str = ""


class StandingView(msgspec.Struct, frozen=True):
    """One finding that holds now.

    `state` is open (alerting), effect (explained by another finding), waiting (a difference within its grace) or
    expected (something of a later day that nobody is late with).
    """

    alert: str
    rule: str
    title: str
    state: str
    says: str
    severity: str
    subject: str
    message: str
    amount: Money | None
    systems: tuple[str, ...]
    culprit: Culprit | None
    fix: str
    values: tuple[tuple[str, str], ...]
    tolerance: str
    awaits: str
    first_seen: datetime
    due: datetime
    opened_at: datetime | None
    effects: tuple[str, ...]
    evidence: tuple[Proof, ...]


def standing(head: Head, pages: Iterable[Page], now: datetime, today: date) -> list[StandingView]:
    """Every finding that stands: open ones first, worst on top, then by deadline."""
    found = []
    for page in pages:
        for each in (s for standings in page.findings.values() for s in standings):
            found.append(_view(head, page, each, now, today))
    states, severities = [OPEN, EFFECT, WAITING, EXPECTED], list(Severity)
    return sorted(found, key=lambda v: (states.index(v.state), v.state == OPEN and severities.index(Severity(v.severity)), v.due, v.alert))


def _view(head: Head, page: Page, each: Standing, now: datetime, today: date) -> StandingView:
    finding, life = each.finding, page.alerts.get(each.finding.key, AlertState())
    rule = rules().get(finding.rule)
    state = _state(head, each, today)
    return StandingView(
        alert=finding.alert,
        rule=finding.rule,
        title=rule.title if rule else finding.rule,
        state=state,
        says=_says(state, each, life, now),
        severity=str(life.severity if life.open else rule.severity if rule else finding.severity),
        subject=finding.subject or finding.anchor.id,
        message=finding.message,
        amount=finding.amount,
        systems=finding.systems,
        culprit=finding.culprit,
        fix=finding.fix,
        values=finding.values,
        tolerance=finding.tolerance,
        awaits=finding.awaits or "",
        first_seen=each.first_seen,
        due=each.due,
        opened_at=life.opened_at if life.open else None,
        effects=life.effects if life.open else (),
        evidence=tuple(proof(e) for e in finding.evidence),
    )


def _state(head: Head, each: Standing, today: date) -> str:
    if each.finding.key in head.open:
        return OPEN
    if each.ripe:
        return EFFECT
    return EXPECTED if _later(each.finding, today) else WAITING


def _later(finding: Finding, today: date) -> bool:
    """Whether the finding speaks of a day or month that has not passed: then no system contradicts another yet."""
    if len(finding.period) == len("YYYY-MM"):
        return month_end(finding.period) > today
    try:
        return date.fromisoformat(finding.period) > today
    except ValueError:
        return False


def _says(state: str, each: Standing, life: AlertState, now: datetime) -> str:
    if state == OPEN:
        overdue = each.finding.due is not None
        return f"{'missing' if overdue else 'open'} since {wording.instant(each.due if overdue else life.opened_at)}"
    if state == EFFECT:
        return "an effect of another finding on the same subject"
    awaits = None if each.finding.awaits in (None, ANY) else each.finding.awaits
    return wording.waiting(each.due, now, awaits)


def proof(evidence: Evidence) -> Proof:
    """Evidence as plain data."""
    origin = evidence.origin
    return Proof(
        ref=str(evidence.ref),
        system=evidence.system,
        version=".".join(map(str, evidence.version)),
        value=evidence.value,
        topic=origin.topic if origin else "",
        partition=origin.partition if origin else 0,
        offset=origin.offset if origin else 0,
        sha256=origin.sha256 if origin else "",
    )
