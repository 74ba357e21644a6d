"""How statements about one document become the document, whatever order they arrive in."""

from __future__ import annotations

from typing import Any

import msgspec

from models.documents import TERMINAL, Credit, Document, Invoice, Payment, Status
from models.money import ZERO
from models.references import Ref
from models.state import Held, Version
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
        if statement.version > held.life:
            held.deleted, held.life = True, statement.version
    elif statement.document is not None:
        _live(held, statement)
        _merge(held, statement, statement.document)
        _read(held, statement)
    return msgspec.msgpack.encode(held) != before


def _arrive(held: Held, statement: Statement, share: Ref | None) -> None:
    key = str(share) if share else ""
    if not statement.thin:
        held.shares[key] = max(held.shares.get(key, ()), statement.version)
        if statement.parents and statement.version >= held.version:
            held.all_shares = len(statement.parents)
    if not held.statement or statement.at < held.first_at:
        held.first_at = statement.at
    held.at = max(held.at, statement.at)


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
    newest = statement.version >= held.version
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
    if newest:
        _latest(held, statement)
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


def _latest(held: Held, statement: Statement) -> None:
    held.origin, held.statement, held.seen_at = statement.origin, statement.id, statement.seen_at
    held.names = tuple(dict.fromkeys((*held.names, *statement.names)))
    if statement.fields is None:
        held.unknown, held.claims = statement.unknown, statement.claims
    else:
        kept = tuple(u for u in held.unknown if u.field not in statement.fields)
        held.unknown = (*kept, *statement.unknown)
        held.claims = tuple(dict.fromkeys((*held.claims, *statement.claims)))


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
    if held.document is None or (other.document is not None and other.version > held.version):
        held, other = other, held
    if other.document is not None and held.document is not None:
        changes = {
            name: getattr(other.document, name)
            for name in held.document.__struct_fields__
            if other.fields.get(name, other.base) > held.fields.get(name, held.base)
        }
        held.document = msgspec.structs.replace(held.document, **changes)
        base = max(held.base, other.base)
        joined = {n: max(held.fields.get(n, ()), other.fields.get(n, ())) for n in {*held.fields, *other.fields}}
        held.base, held.fields = base, {n: v for n, v in joined.items() if v > base}
    if other.life > held.life:
        held.life, held.deleted = other.life, other.deleted
    for mine, theirs in ((held.shares, other.shares), (held.withdrawn, other.withdrawn)):
        mine.update({key: max(version, mine.get(key, ())) for key, version in theirs.items()})
    held.since.update({s: min(t, held.since.get(s, t)) for s, t in other.since.items()})
    held.trail = tuple(sorted({*held.trail, *other.trail})[-TRAIL_MAX:])
    held.names = tuple(dict.fromkeys((*held.names, *other.names)))
    held.claims = tuple(dict.fromkeys((*held.claims, *other.claims)))
    held.all_shares = max(held.all_shares, other.all_shares)
    held.first_at = min(h.first_at for h in (held, other))
    held.at = max(held.at, other.at)
    held.conflict = held.conflict or other.conflict
    reads = [h.read_at for h in (held, other) if h.read_at]
    held.read_at = max(reads) if reads else None
    waiting = {**other.thin, **held.thin}
    held.thin = {i: t for i, t in waiting.items() if held.read_at is None or t > held.read_at}
    return held
