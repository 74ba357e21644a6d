"""How statements about one document become the document, whatever order they arrive in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from models.documents import TERMINAL, Credit, Document, Invoice, Payment, Status
from models.money import ZERO
from models.references import Ref
from models.state import BEGINNING, Held, Version
from models.statements import Life, Statement

TRAIL_MAX = 12
THIN_MAX = 100
_encoder = msgspec.json.Encoder(order="deterministic")


def apply(held: Held, statement: Statement, share: Ref | None) -> bool:
    """Fold a statement into what is held of its document; says whether anything changed.

    Each field keeps the value of the greatest version that asserted it. A tombstone keeps its version, so that an
    older event cannot revive the document.
    """
    before = msgspec.msgpack.encode(held)
    _arrive(held, statement, share)
    if statement.thin or statement.dirty:
        _await_read(held, statement)
    if statement.life is Life.DELETED:
        if statement.version >= held.life:  # of a delete and a change in one version, the delete came last
            held.deleted, held.life = True, statement.version
    elif statement.document is not None:
        _live(held, statement)
        _merge(held, statement, statement.document)
        _read(held, statement)
    return msgspec.msgpack.encode(held) != before


def _arrive(held: Held, statement: Statement, share: Ref | None) -> None:
    key = str(share) if share else ""
    held.system = held.system or statement.system  # a withdrawal may have come before the document
    if not statement.thin:
        held.shares[key] = max(held.shares.get(key, ()), statement.version)
        if statement.parents and statement.version >= held.base:
            held.all_shares = len(statement.parents)
    held.first_at = _earlier(held.first_at, statement.at)
    held.at = max(held.at, statement.at)


def _earlier(one: datetime, other: datetime) -> datetime:
    """The earlier of two times at which a document was heard of, where BEGINNING means never."""
    return max(one, other) if BEGINNING in (one, other) else min(one, other)


def _await_read(held: Held, statement: Statement) -> None:
    told = statement.seen_at or statement.at
    if (held.read_at is None or held.read_at < told) and len(held.thin) < THIN_MAX:
        held.thin[statement.id] = told


def _read(held: Held, statement: Statement) -> None:
    if statement.read_at is None:
        return
    held.read_at = max(held.read_at or statement.read_at, statement.read_at)
    held.thin = {id_: told for id_, told in held.thin.items() if told > held.read_at and id_ != statement.because}


def _live(held: Held, statement: Statement) -> None:
    decides = statement.fields is None or statement.life is Life.RESTORED
    if decides and statement.version > held.life:
        held.deleted, held.life = False, statement.version


def _merge(held: Held, statement: Statement, told: Document) -> None:
    newest = (statement.version, statement.id) >= (held.version, held.statement)
    complete = statement.fields is None
    if complete and statement.version > held.version:
        held.conflict = False
    asserted = statement.fields if statement.fields is not None else told.__struct_fields__
    if held.document is None:
        held.document = told
        held.fields = {} if statement.fields is None else dict.fromkeys(asserted, statement.version)
    else:
        held.document = _overlay(held, held.document, told, asserted, statement.version)
    if statement.fields is None:
        held.base = max(held.base, statement.version)
        held.fields = {name: version for name, version in held.fields.items() if version > held.base}
    else:
        held.fields.update({name: max(statement.version, held.fields.get(name, ())) for name in asserted if statement.version > held.base})
    _references(held, statement, newest)
    if newest:
        held.origin, held.statement, held.seen_at = statement.origin, statement.id, statement.seen_at
    if "status" in asserted:
        _status(held, statement, told)


def _overlay(held: Held, old: Document, told: Document, asserted: tuple[str, ...], version: Version) -> Document:
    """The document with every asserted field that is newer than what is held of it."""
    changes: dict[str, Any] = {}
    for name in asserted:
        have = held.fields.get(name, held.base)
        value, kept = getattr(told, name), getattr(old, name)
        if version > have:
            changes[name] = value
        elif version == have and value != kept:
            held.conflict = True
            if _prevails(old, told):
                changes[name] = value
    return msgspec.structs.replace(old, **changes) if changes else old


def _prevails(old: Document, told: Document) -> bool:
    """Of two contents of one version the terminal status wins, else the one that sorts first: never the arrival."""
    old_final, told_final = _final(old), _final(told)
    if old_final != told_final:
        return told_final
    return _encoder.encode(told) < _encoder.encode(old)


def _final(document: Document) -> bool:
    return getattr(document, "status", Status.UNKNOWN) in TERMINAL


def _references(held: Held, statement: Statement, newest: bool) -> None:
    """Names only grow. The newest complete statement replaces claims and unknown values, and one that is partial, or
    comes after a newer partial one, adds its own to them."""
    held.names = _all_names(held, statement.names)
    if statement.version < held.base:
        return
    kept = held.unknown
    if statement.fields is None and newest:
        held.unknown, held.claims = statement.unknown, statement.claims
        return
    if statement.fields is not None and newest:
        kept = tuple(u for u in kept if u.field not in (statement.fields or ()))
    held.unknown = tuple(dict.fromkeys((*kept, *statement.unknown)))
    held.claims = tuple(dict.fromkeys((*held.claims, *statement.claims)))


def _all_names(held: Held, names: tuple[Ref, ...]) -> tuple[Ref, ...]:
    return tuple(sorted({*held.names, *names}, key=lambda ref: ref.size))


def _status(held: Held, statement: Statement, told: Document) -> None:
    status = getattr(told, "status", None)
    if status is None:
        return
    when = statement.seen_at or statement.at
    held.since[status] = min(held.since.get(status, when), when)
    entry = (statement.version, str(status))
    if entry not in held.trail:
        held.trail = tuple(sorted((*held.trail, entry))[-TRAIL_MAX:])


def live_shares(held: Held) -> list[str]:
    """The parents along which this document still belongs here."""
    return [share for share, version in held.shares.items() if version > held.withdrawn.get(share, ())]


def here(held: Held) -> bool:
    """Whether the document exists and belongs to this contract."""
    return held.document is not None and not held.deleted and bool(live_shares(held))


def portion(held: Held) -> Document:
    """The part of the document that belongs to this contract: its shares' lines or applications, and their sums."""
    document = held.document
    if document is None:
        raise ValueError(f"{held.ref} has no document yet")
    shares = [share for share in live_shares(held) if share]
    if held.all_shares <= 1 or not shares or len(shares) >= held.all_shares:
        return document
    ids = {Ref.parse(share).id for share in shares}
    if isinstance(document, (Invoice, Credit)):
        lines = tuple(line for line in document.lines if line.subscription in ids)
        net, tax = sum((x.net or ZERO for x in lines), ZERO), sum((x.tax or ZERO for x in lines), ZERO)
        return msgspec.structs.replace(document, lines=lines, net=net, tax=tax, gross=net + tax)
    if isinstance(document, Payment):
        parts = tuple(part for part in document.applications if part.document.id in ids)
        return msgspec.structs.replace(document, applications=parts, amount=sum((p.amount for p in parts), ZERO))
    return document


def merge(held: Held, other: Held) -> Held:
    """What two contracts held of one document, as if all its statements had come to one of them."""
    mine, theirs = ((h.document is not None, h.version, h.statement) for h in (held, other))
    if theirs > mine:
        held, other = other, held
    if other.document is not None and held.document is not None:
        _join(held, held.document, other, other.document)
    held.system = held.system or other.system
    if (other.life, other.deleted) > (held.life, held.deleted):
        held.life, held.deleted = other.life, other.deleted
    for kept, more in ((held.shares, other.shares), (held.withdrawn, other.withdrawn)):
        kept.update({key: max(version, kept.get(key, ())) for key, version in more.items()})
    held.since.update({s: min(t, held.since.get(s, t)) for s, t in other.since.items()})
    held.trail = tuple(sorted({*held.trail, *other.trail})[-TRAIL_MAX:])
    held.names = _all_names(held, other.names)
    held.claims = tuple(dict.fromkeys((*held.claims, *other.claims)))
    held.first_at = _earlier(held.first_at, other.first_at)
    held.at = max(held.at, other.at)
    held.read_at = max((h.read_at for h in (held, other) if h.read_at), default=None)
    waiting = {**other.thin, **held.thin}
    held.thin = {i: t for i, t in waiting.items() if held.read_at is None or t > held.read_at}
    return held


def _join(held: Held, mine: Document, other: Held, theirs: Document) -> None:
    """Field by field the newer of two copies of a document; `held` is the one with the newest version."""
    changes: dict[str, Any] = {}
    conflict = held.conflict or (other.conflict and other.version == held.version)
    prevails = _prevails(mine, theirs)
    for name in mine.__struct_fields__:
        have, came = held.fields.get(name, held.base), other.fields.get(name, other.base)
        both = bool(have) and came == have and getattr(theirs, name) != getattr(mine, name)
        conflict = conflict or both
        if came > have or (both and prevails):
            changes[name] = getattr(theirs, name)
    held.document = msgspec.structs.replace(mine, **changes)
    if other.base >= held.base:
        held.all_shares = max(held.all_shares, other.all_shares) if other.base == held.base else other.all_shares
    base = max(held.base, other.base)
    joined = {n: max(held.fields.get(n, ()), other.fields.get(n, ())) for n in sorted({*held.fields, *other.fields})}
    held.base, held.fields, held.conflict = base, {n: v for n, v in joined.items() if v > base}, conflict
