"""Statements: who said what about which document, when and in which version; and the other entries of the log."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from models.documents import Document
from models.references import Ref

# The time of a statement whose record has not been stamped yet: a translator knows no clock.
UNSTAMPED = datetime.fromisoformat("0001-01-01T00:00:00+00:00")


class Life(StrEnum):
    """What a statement says of the document's existence."""

    LIVE = "live"
    DELETED = "deleted"  # a tombstone: an older event cannot revive the document
    RESTORED = "restored"  # the vendor says "undelete"


class Origin(msgspec.Struct, frozen=True, array_like=True):
    """The bytes a statement came from: topic (or file), partition, offset (or line), and their SHA-256."""

    topic: str
    partition: int
    offset: int
    sha256: str


class Unknown(msgspec.Struct, frozen=True, array_like=True):
    """A value that the source's table does not list: rules on it wait and `unknown_status` speaks."""

    field: str
    value: str


class Statement(msgspec.Struct, frozen=True, omit_defaults=True, tag="statement"):
    """What one system said about one document.

    `id` is the deterministic dedupe key (stable over redelivery). `version` orders the statements about one document
    by that system's own versions, never by arrival. `fields` names what a partial statement asserts (None: it is
    complete and replaces). `names` are other names of the same document, `parents` its first non-empty parent field
    (several only where the document is shared), `claims` every other reference, `edges` (child, parent) pairs that an
    association record states. `thin` marks a notification without the document; `dirty` a record that must be re-read.
    `at` is when we received the record, `seen_at` the source's own time, `read_at` when a connector read the document.
    """

    id: str
    system: str
    ref: Ref
    version: tuple[int, ...]
    document: Document | None = None
    fields: tuple[str, ...] | None = None
    life: Life = Life.LIVE
    thin: bool = False
    dirty: bool = False
    names: tuple[Ref, ...] = ()
    parents: tuple[Ref, ...] = ()
    claims: tuple[Ref, ...] = ()
    edges: tuple[tuple[Ref, Ref], ...] = ()
    unknown: tuple[Unknown, ...] = ()
    at: datetime = UNSTAMPED
    seen_at: datetime | None = None
    read_at: datetime | None = None
    because: str | None = None
    origin: Origin | None = None
    correlation: str | None = None
    mapping: str | None = None  # version of the mapping it was translated with


class Notice(msgspec.Struct, frozen=True, omit_defaults=True, tag="notice"):
    """What concerns a source, not a document: a gap, a resync, a heartbeat. Written to every partition."""

    id: str
    system: str
    org: str
    what: str  # "gap", "resync" or "heartbeat"
    entity: str | None = None
    at: datetime = UNSTAMPED
    origin: Origin | None = None


class Skipped(msgspec.Struct, frozen=True):
    """An event that says nothing we keep (our own write, a test, an unknown event type); counted by reason."""

    reason: str


class Refused(ValueError):
    """Bytes that cannot be understood; `code` is a reason such as `missing:record.id` or `bad_amount:Amount`.

    Operator action: look at the dead letter, correct the mapping or the source, then redrive it.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
