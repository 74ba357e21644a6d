"""The log's entries: statements and what moves them between nodes, ticks and notices; and how a statement is routed."""

from __future__ import annotations

from datetime import datetime

import msgspec

from models.references import Ref, least
from models.state import Page
from models.statements import Notice, Statement

HOPS_MAX = 32


class Say(msgspec.Struct, frozen=True, omit_defaults=True, tag="say"):
    """A statement on its way to its contract.

    `family` is the last leaf it passed: the page of the contract it belongs on. `share` is the parent along which a
    part of a shared document travels. `path` holds the nodes passed, its length is the number of hops.
    """

    statement: Statement
    family: Ref | None = None
    share: Ref | None = None
    path: tuple[Ref, ...] = ()

    @property
    def at(self) -> datetime:
        """The record time of the statement."""
        return self.statement.at


class Hook(msgspec.Struct, frozen=True, omit_defaults=True, tag="hook"):
    """Says to a node that it belongs below `parent`. `alias` marks another name of the leaf `parent`."""

    parent: Ref
    at: datetime
    alias: bool = False
    hops: int = 0


class Withdraw(msgspec.Struct, frozen=True, omit_defaults=True, tag="withdraw"):
    """Takes a document's share back from a contract because a newer version names another parent."""

    document: Ref
    family: Ref
    share: Ref
    version: tuple[int, ...]
    at: datetime
    hops: int = 0


class HandOver(msgspec.Struct, frozen=True, omit_defaults=True, tag="hand_over"):
    """One page of a contract that became part of another: documents, findings, alerts and milestones.

    `moved` are the families that had left it for another contract, and where to.
    """

    origin: Ref
    page: Page
    at: datetime
    now: datetime
    first: bool = False
    moved: dict[str, Ref] = {}
    hops: int = 0


class Ask(msgspec.Struct, frozen=True, omit_defaults=True, tag="ask"):
    """Asks the node of `claim`, which `document` names, which contract it belongs to."""

    document: Ref
    family: Ref | None
    claim: Ref
    at: datetime
    hops: int = 0


class Answer(msgspec.Struct, frozen=True, omit_defaults=True, tag="answer"):
    """The head that a claim belongs to, sent to the node of the document that made the claim."""

    document: Ref
    family: Ref | None
    claim: Ref
    head: Ref
    at: datetime
    hops: int = 0


class Shortcut(msgspec.Struct, frozen=True, omit_defaults=True, tag="shortcut"):
    """Tells a node where its documents end up, so that the next one needs one hop."""

    head: Ref
    family: Ref
    at: datetime


class Tick(msgspec.Struct, frozen=True, omit_defaults=True, tag="tick"):
    """The clock reached `at`; `heard` says how far each system's sources have been ingested."""

    at: datetime
    heard: dict[str, datetime] = {}
    round: int = 0


Entry = Say | Hook | Withdraw | HandOver | Ask | Answer | Shortcut | Tick | Notice

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


def encode(entry: Entry) -> bytes:
    """The entry as it stands on the log."""
    return _encoder.encode(entry)


def decode(value: bytes) -> Entry:
    """The entry of a log record; raises msgspec.ValidationError for anything else."""
    return _decoder.decode(value)


def route(statement: Statement) -> list[tuple[Ref, Entry]]:
    """The entries by which a new statement enters the log, each with the reference that keys it.

    A commercial statement hooks its names and its one parent to the least of them; other names of a leaf are hooked
    to its own id; an association states edges. The document itself goes to its own reference.
    """
    own, at = statement.ref, statement.at
    entries: list[tuple[Ref, Entry]] = []
    if own.commercial and not statement.thin:
        group = [own, *statement.names, *(parent for parent in statement.parents if parent.commercial)]
        first = least(group)
        entries += [(ref, Hook(first, at)) for ref in dict.fromkeys(group) if ref != first]
    elif not own.master:
        entries += [(name, Hook(own, at, alias=True)) for name in dict.fromkeys(statement.names) if name != own]
    entries += [(child, Hook(parent, at)) for child, parent in statement.edges]
    return [*entries, (own, Say(statement))]
