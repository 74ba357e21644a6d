"""The life of an alert: opened, changed, closed; how severe it is; and what is published of it."""

from __future__ import annotations

from datetime import datetime

from models.desk import Desk
from models.findings import Finding, Severity
from models.outputs import Alert, digest
from models.references import Ref
from models.rules import rules
from models.state import AlertState, Standing

_STEPS = (Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)


def severity(desk: Desk, finding: Finding) -> Severity:
    """The rule's severity, one step up from the critical amount on, one down below materiality (never to info)."""
    rule = rules().get(finding.rule)
    given = rule.severity if rule else finding.severity
    if finding.amount is None or given is Severity.INFO:
        return given
    policy, step = desk.facts.policy, _STEPS.index(given)
    currency, amount = finding.amount.currency, finding.amount.amount
    if amount >= policy.critical_amount.get(currency, policy.default_critical_amount):
        step = min(step + 1, len(_STEPS) - 1)
    elif amount < policy.materiality.get(currency, policy.default_materiality):
        step = max(step - 1, 1)
    return _STEPS[step]


def move(desk: Desk, contract: Ref | None, life: AlertState, standing: Standing | None, now: datetime, effects: tuple[str, ...]) -> None:
    """Open, change or close an alert so that it says what stands now; publishes the transition if there is one."""
    finding = standing.finding if standing else None
    if finding is None:
        if life.open:
            life.open = False
            _publish(desk, contract, life, "closed", now, None)
        return
    if not life.open:
        life.open, life.opening, life.opened_at = True, life.opening + 1, now
        life.finding, life.effects = finding, effects
        _publish(desk, contract, life, "opened", now, standing)
    elif life.finding is None or life.finding.says() != finding.says():
        life.finding, life.effects = finding, effects
        _publish(desk, contract, life, "changed", now, standing)
    else:
        life.effects = effects


def _publish(desk: Desk, contract: Ref | None, life: AlertState, state: str, now: datetime, standing: Standing | None) -> None:
    finding = life.finding
    if finding is None:
        raise ValueError("an alert without a finding cannot be published")
    life.transition += 1
    life.changed_at = now
    life.severity = severity(desk, finding)
    desk.emit(
        Alert(
            alert=finding.alert,
            id=digest(finding.alert, life.opening, life.transition),
            rule=finding.rule,
            state=state,
            contract=str(contract) if contract else None,
            subject=finding.subject or finding.anchor.id,
            part=finding.part,
            period=finding.period,
            due_at=standing.due if standing else None,
            severity=life.severity,
            at=now,
            message=finding.message,
            amount_at_risk=finding.amount,
            systems=finding.systems,
            culprit=finding.culprit,
            fix=finding.fix,
            values=finding.values,
            tolerance=finding.tolerance,
            evidence=finding.evidence,
            effects=life.effects,
            opened_at=life.opened_at,
            policy=desk.facts.policy.revision,
            mapping=desk.facts.organisation(finding.anchor.org).mapping_version,
        )
    )
