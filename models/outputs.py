"""What the product says: alerts, milestones, revenue events and requests, each with a deterministic id."""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from models.findings import Culprit, Evidence
from models.money import Money


def digest(*parts: object) -> str:
    """A deterministic id of its inputs."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One transition in the life of an alert; `alert` is the life, `id` the transition. `contract` is null for a source."""

    kind: str = "alert"
    alert: str
    id: str
    rule: str
    state: str  # opened, changed, closed
    contract: str | None
    subject: str
    part: str
    period: str
    due_at: datetime | None
    severity: str
    at: datetime
    message: str
    amount_at_risk: Money | None
    systems: tuple[str, ...]
    culprit: Culprit | None
    fix: str
    values: tuple[tuple[str, str], ...]
    tolerance: str
    evidence: tuple[Evidence, ...]
    effects: tuple[str, ...] = ()
    opened_at: datetime | None = None
    policy: str = ""
    mapping: str = ""


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """A business milestone reached by a subject (an invoice is posted once per invoice)."""

    kind: str = "milestone"
    id: str
    milestone: str
    contract: str
    subject: str
    ref: str
    at: datetime
    cause: str


class RevenueEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A revenue event that finance may rely on: the systems that must agree do, and the evidence says so.

    `type` is RevenueScheduled, ScheduleRevised, RevenueHeld or RevenueReleased; `rows` are (period, amount) in `currency`.
    """

    kind: str = "revenue"
    id: str
    type: str
    contract: str
    obligation: str
    entity: str | None
    book: str
    currency: str | None
    amount: Decimal | None
    rows: tuple[tuple[str, Decimal], ...]
    rows_before: tuple[tuple[str, Decimal], ...] = ()
    convention: str | None = None
    contract_version: str = ""
    schedule_version: int = 1
    policy: str = ""
    reason: str = ""
    at: datetime
    causes: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    supersedes: str | None = None


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """Two groups of documents turned out to be one contract; nothing is re-opened."""

    kind: str = "merged"
    id: str
    contract: str
    origin: str
    at: datetime


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Something asked of a system, with the key that makes asking twice harmless."""

    kind: str = "request"
    id: str
    contract: str
    system: str
    what: str
    at: datetime
    reason: str = ""


Output = Alert | Milestone | RevenueEvent | Merged | Request

_encoder = msgspec.json.Encoder(order="deterministic")


def encode(output: Output) -> bytes:
    """The output as one JSON object."""
    return _encoder.encode(output)


def as_dict(output: Output) -> dict[str, Any]:
    """The output as plain JSON values."""
    return msgspec.json.decode(encode(output), type=dict[str, Any])
