"""Where a document stands, in one vocabulary for all systems."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """The canonical status of a document; a translator maps each native status to one of these, or to UNKNOWN."""

    PROPOSED = "proposed"  # pipeline, draft deal, draft order: no obligation yet
    WON = "won"
    LOST = "lost"
    ACCEPTED = "accepted"  # a quote that was signed
    CLOSED = "closed"  # a quote that was rejected or expired
    SIGNED = "signed"  # a subscription agreed, without service yet
    ORDERED = "ordered"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"
    ENDED = "ended"
    DONE = "done"
    DRAFT = "draft"  # an invoice or credit without obligation yet
    POSTED = "posted"
    PAID = "paid"
    VOID = "void"
    PENDING = "pending"
    CAPTURED = "captured"
    SETTLED = "settled"
    FAILED = "failed"
    UNKNOWN = "unknown"


DEAD = frozenset({Status.VOID, Status.FAILED, Status.LOST, Status.CLOSED})
UNBORN = frozenset({Status.PROPOSED, Status.DRAFT, Status.PENDING})
TERMINAL = frozenset({Status.VOID, Status.FAILED, Status.LOST, Status.CANCELLED, Status.ENDED, Status.SETTLED, Status.PAID})


class Charge(StrEnum):
    """How a line is charged."""

    RECURRING = "recurring"
    ONE_TIME = "one_time"
    USAGE = "usage"


class Change(StrEnum):
    """What a deal does to its contract: starts it, changes it by deltas, or begins a new term with absolute figures."""

    NEW = "new"
    AMENDMENT = "amendment"
    RENEWAL = "renewal"
    UNKNOWN = "unknown"
