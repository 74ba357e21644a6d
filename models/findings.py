"""Finding: a divergence as a value with a stable key, and which of several findings on one subject alerts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from models.money import Money
from models.references import Ref
from models.statements import Origin

if TYPE_CHECKING:
    from models.state import Ripe


class Severity(StrEnum):
    """How soon somebody should act: now, today, before close, when cleaning up, or only counted."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class Culprit(msgspec.Struct, frozen=True):
    """The system that is probably wrong, how sure we are (high, medium, low), and why."""

    system: str
    confidence: str
    reason: str


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """A document as it was when the finding was made: its version and the native bytes it came from."""

    ref: Ref
    system: str
    version: tuple[int, ...]
    value: str = ""
    origin: Origin | None = None


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One divergence.

    Its key is rule + anchor + part + period and never changes while it stands; message and amount may. `subjects` are
    what it speaks about, for precedence. Exactly one of `due` (a deadline the documents give) and `grace` (a time
    after the difference was first seen; zero: at once) decides when it may alert; `not_before` holds `grace` back.
    `awaits` is the system whose silence must not look like lateness. `amount` is the amount at risk, absolute.
    """

    rule: str
    anchor: Ref
    message: str
    part: str = ""
    period: str = ""
    subject: str = ""  # the anchor in words: a document's number
    amount: Money | None = None
    severity: Severity = Severity.MEDIUM
    systems: tuple[str, ...] = ()
    culprit: Culprit | None = None
    fix: str = ""
    evidence: tuple[Evidence, ...] = ()
    subjects: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()  # (side, what it says)
    tolerance: str = ""
    due: datetime | None = None
    grace: timedelta = timedelta()
    not_before: datetime | None = None
    awaits: str | None = None

    @property
    def key(self) -> str:
        """Rule, anchor, part and period: the identity of the divergence."""
        return "|".join((self.rule, str(self.anchor), self.part, self.period))

    @property
    def alert(self) -> str:
        """The id of the alert's life."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:24]

    def says(self) -> tuple[object, ...]:
        """What a reader sees change: when this differs, the alert has changed."""
        return self.message, self.amount, self.severity, self.values


# The stage of each rule: of several findings on one subject only the lowest stage alerts, within a stage the first.
STAGES: dict[str, int] = {
    rule: stage
    for stage, rules in enumerate(
        (
            "source_silent batch_late feed_gap control_total_mismatch document_read_late",
            "orphan_document identity_conflict entity_mapping_missing product_mapping_missing unknown_status "
            "version_conflict illegal_state_transition timestamp_implausible",
            "won_without_order won_without_subscription subscription_without_sale invoice_missing invoice_not_in_erp "
            "revenue_schedule_missing not_provisioned",
            "entity_mismatch",
            "currency_mismatch",
            "line_mismatch",
            "amendment_not_in_billing amendment_not_in_erp renewal_not_executed renewal_terms_mismatch "
            "cancellation_not_executed cancellation_reversed_not_propagated",
            "quantity_mismatch price_mismatch term_mismatch coterm_misaligned",
            "amount_mismatch_crm_billing amount_mismatch_crm_cpq invoice_amount_mismatch_billing_erp "
            "invoice_header_mismatch service_period_billed_twice billed_after_end credit_memo_not_in_erp "
            "credit_mismatch void_not_in_erp deleted_document_alive document_revived duplicate_subscription "
            "duplicate_invoice payment_amount_mismatch payment_not_recorded payment_unapplied over_or_short_payment "
            "invoice_paid_status_mismatch payment_reversed_still_applied refund_mismatch dispute_not_in_erp "
            "invoice_off_schedule",
            "schedule_on_stale_contract_version",
            "revenue_total_mismatch revenue_recognised_early revenue_recognised_late revenue_after_cancellation "
            "modification_treatment_mismatch allocation_mismatch contract_balance_mismatch posting_in_closed_period "
            "revenue_schedule_drift revenue_convention_changed",
        )
    )
    for rule in rules.split()
}
_ORDER = {rule: number for number, rule in enumerate(STAGES)}


def precedence(ripe: Iterable[Ripe]) -> dict[str, str | None]:
    """For each finding's key: None where it alerts, else the key of the finding it is an effect of.

    A finding is an effect of another that stands on a lower stage (or earlier in the same one) and shares a subject.
    """
    rows = sorted(ripe, key=lambda r: (STAGES.get(r.rule, 8), _ORDER.get(r.rule, 999), r.key))
    verdict: dict[str, str | None] = {}
    owner: dict[str, tuple[str, str]] = {}  # subject -> (rule, key) of the closest cause
    for row in rows:
        cause = next((owner[s] for s in row.subjects if s in owner and owner[s][0] != row.rule), None)
        verdict[row.key] = cause[1] if cause else None
        if cause is None:
            for subject in row.subjects:
                owner.setdefault(subject, (row.rule, row.key))
    return verdict
