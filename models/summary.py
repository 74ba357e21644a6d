"""Summaries: the rows that lists and filters read, kept beside the contracts so that no list ever scans one."""

from __future__ import annotations

from datetime import datetime

import msgspec

from models.documents import Agreement, Opportunity, Quote, Subscription
from models.findings import Finding
from models.money import Money
from models.references import Kind
from models.state import BEGINNING, AlertState, Head, Page


class ContractRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One contract in a list."""

    ref: str
    name: str
    number: str
    subscription: str = ""
    currency: str | None = None
    changed_at: datetime = BEGINNING
    open_alerts: int = 0
    waiting: int = 0
    milestones: int = 0
    orphan: bool = False


class AlertRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One open alert in a list."""

    alert: str
    key: str
    rule: str
    severity: str
    contract: str
    page: str
    subject: str
    message: str
    opened_at: datetime
    changed_at: datetime
    amount: Money | None = None
    systems: tuple[str, ...] = ()
    culprit: str = ""


def contract_row(head: Head) -> ContractRow | None:
    """The row of a contract; None for master data, which is no contract."""
    if head.ref.master:
        return None
    shown: dict[str, str] = {}
    currency = None
    for held in head.page.held.values():
        document = held.document
        if isinstance(document, Opportunity):
            shown.setdefault("name", document.name or "")
        elif isinstance(document, Agreement):
            shown["number"] = document.number or held.ref.id
        elif isinstance(document, Subscription):
            shown["subscription"] = document.number or held.ref.id
        if isinstance(document, (Quote, Subscription, Opportunity, Agreement)):
            currency = currency or document.currency
    return ContractRow(
        ref=str(head.ref),
        name=shown.get("name") or head.ref.id,
        number=shown.get("number") or head.ref.id,
        subscription=shown.get("subscription", ""),
        currency=currency,
        changed_at=head.now,
        open_alerts=len(head.open),
        waiting=sum(head.unsettled.values()) - len(head.ripe),
        milestones=len(head.page.milestones),
        orphan=not head.ref.commercial and head.ref.kind is not Kind.CONTRACT_NUMBER,
    )


def alert_rows(head: str, page: Page) -> dict[str, AlertRow]:
    """The rows of a page's open alerts, by alert id."""
    return {
        life.finding.alert: _row(head, page.name, key, life, life.finding)
        for key, life in page.alerts.items()
        if life.open and life.finding is not None
    }


def _row(head: str, page: str, key: str, life: AlertState, finding: Finding) -> AlertRow:
    return AlertRow(
        alert=finding.alert,
        key=key,
        rule=finding.rule,
        severity=life.severity,
        contract=head,
        page=page,
        subject=finding.subject or finding.anchor.id,
        message=finding.message,
        opened_at=life.opened_at,
        changed_at=life.changed_at,
        amount=finding.amount,
        systems=finding.systems,
        culprit=finding.culprit.system if finding.culprit else "",
    )
