"""Salesforce records as change events show them: every wire form of Change Data Capture as rows of one shape.

Source: Salesforce Change Data Capture Developer Guide and the Pub/Sub API's event schemas. Five things are normalised:
which record, what happened to it, which of its fields the event asserts, in which version, and under which dedupe id.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from models.calendar import DAY, Span, sane
from models.documents import Document, Status
from models.references import Kind, Ref
from models.statements import Life, Notice, Refused, Skipped, Statement, Unknown
from streams.mapping import Tenant
from streams.native import Native, NeedInstant, NeedText, Text, at_path, check, millis

CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
BITMAP = re.compile(r"(?:\d+-)?0x[0-9A-Fa-f]+")
DUMMY = "000000000000000AAA"  # what GAP_OVERFLOW puts where a record id would be
RECORDS_MAX = 2000  # one event names far fewer; a page of SOQL has at most 2000 rows

Table = Mapping[str, tuple[str, ...]]
Refs = tuple[Ref, ...]
Unknowns = tuple[Unknown, ...]


def _zoned(instant: datetime) -> datetime:
    """Salesforce writes every time with its zone."""
    if instant.tzinfo is None:
        raise PydanticCustomError("bad_date", "no zone")
    return instant


Zoned = Annotated[NeedInstant, AfterValidator(_zoned)]


class Header(Native):
    """ChangeEventHeader, the part that says something."""

    entityName: NeedText
    recordIds: Annotated[list[NeedText], Field(min_length=1, max_length=RECORDS_MAX)]
    changeType: NeedText
    changeOrigin: Text = None
    transactionKey: NeedText
    sequenceNumber: Annotated[int, Field(strict=True, ge=0, lt=2**31)]
    commitTimestamp: Zoned
    changedFields: list[NeedText] | None = None
    nulledFields: list[NeedText] | None = None
    diffFields: list[NeedText] | None = None


@dataclass(frozen=True)
class Row:
    """One record as one event or read shows it.

    `record` holds what the source asserts and nothing else; `named` the native names of those fields, None where the
    record is complete. `key` is the dedupe key of the vendor, without system and organisation.
    """

    entity: str
    id: str
    key: str
    version: tuple[int, int]
    record: dict[str, Any] = field(default_factory=dict)
    named: frozenset[str] | None = None
    life: Life = Life.LIVE
    dirty: bool = False
    seen_at: datetime | None = None
    read_at: datetime | None = None
    because: str | None = None


def id18(text: str | None) -> str | None:
    """A Salesforce id of 15 case-sensitive characters as its 18-character form; any other text as it is.

    Each of the three characters appended encodes which of five characters are capitals.
    """
    if not text or len(text) != 15 or not ID.fullmatch(text):
        return text
    fives = (text[start : start + 5] for start in (0, 5, 10))
    return text + "".join(CHECKSUM[sum(1 << n for n, letter in enumerate(five) if "A" <= letter <= "Z")] for five in fives)


def own_id(text: str, at: str) -> str:
    """The 18-character form of a text that must be an id; raises Refused (bad_id)."""
    if not ID.fullmatch(text):
        raise Refused(f"bad_id:{at}", text[:40])
    return id18(text) or text


def reference(tenant: Tenant, record: Any, path: str, kind: Kind) -> Ref | None:
    """The reference in a lookup field (a dotted path), None where it is empty; raises Refused (bad_id)."""
    value = at_path(record, path)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Refused(f"bad_id:{path}", type(value).__name__)
    return tenant.ref(kind, own_id(value, path))


def joins(found: Iterable[Ref | None]) -> tuple[Refs, Refs]:
    """(parents, claims) of a document's reference fields in order: the first that is not empty joins, the rest are claims."""
    refs = [ref for ref in found if ref]
    return tuple(refs[:1]), tuple(refs[1:])


def asserted(row: Row, table: Table) -> tuple[str, ...] | None:
    """The fields of our document that a partial row asserts by its native names; None for a complete row."""
    if row.named is None:
        return None
    return tuple(sorted({ours for name in row.named for ours in table.get(name, ())}))


def torn(row: Row, parts: frozenset[str]) -> bool:
    """Whether a partial row names some, not all, of the native fields that one part of our document is made of.

    A start without its end would replace both. Such a record must be read again.
    """
    return row.named is not None and 0 < len(row.named & parts) < len(parts)


def bare(tenant: Tenant, row: Row, kind: Kind) -> Statement:
    """A statement without a document: a tombstone, or a record that must be read again."""
    dirty = row.life is Life.LIVE
    return statement(tenant, dataclasses.replace(row, dirty=dirty), Ref(tenant.organisation, kind, row.id))


def statement(tenant: Tenant, row: Row, ref: Ref, document: Document | None = None, **more: Any) -> Statement:
    """What a row says of `ref`; `more` are the statement's own fields: fields, names, parents, claims, unknown."""
    return Statement(
        id=f"{tenant.system}:{tenant.organisation}:{row.key}",
        system=tenant.system,
        ref=ref,
        version=row.version,
        document=document,
        life=row.life,
        dirty=row.dirty,
        seen_at=row.seen_at,
        read_at=row.read_at,
        because=row.because,
        mapping=tenant.revision,
        **more,
    )


def status_of(tenant: Tenant, object_: str, field_: str, native: str | None, table: Mapping[str, Status]) -> tuple[Status, Unknowns]:
    """The canonical status of a native one, by the organisation's own table first; UNKNOWN for one that nobody listed."""
    mapped = tenant.statuses.get(object_, {}).get(native or "")
    if mapped in set(Status):
        return Status(mapped), ()
    status = table.get(native or "", Status.UNKNOWN)
    return status, () if native in table else (unlisted(field_, native),)


def currency_of(tenant: Tenant, native: str | None) -> tuple[str | None, Unknowns]:
    """The ISO code; a single-currency organisation has no CurrencyIsoCode at all and means its own currency."""
    if native is None:
        return tenant.currency, ()
    code = native.strip().upper()
    return (code, ()) if re.fullmatch(r"[A-Z]{3}", code) else (None, (unlisted("CurrencyIsoCode", native),))


def period(start: date | None, last: date | None) -> Span:
    """The half-open span of a period whose end Salesforce writes as its last day; far-future ends mean open-ended."""
    first, end = sane(start), sane(last)
    return Span(first, end + DAY if end else None)


def unlisted(name: str, value: object) -> Unknown:
    """A value that our tables do not list; an empty one is written as such, because a sweep may not select the field."""
    return Unknown(name, "" if value is None else str(value))


def body_of(payload: dict[str, Any]) -> dict[str, Any] | None:
    """The object around ChangeEventHeader: bare (Pub/Sub, relay), or inside CometD's `data` or EventBridge's `detail`."""
    places = ("data.payload", "detail.payload", "detail", "payload")
    for body in (payload, *(at_path(payload, place) for place in places)):
        if isinstance(body, dict) and "ChangeEventHeader" in body:
            return body
    if at_path(payload, "data.event.EventUuid"):
        return None  # a platform event of the organisation's own making: no record changed
    raise Refused("missing:ChangeEventHeader")


def changes(body: dict[str, Any], tenant: Tenant, known: Mapping[str, Iterable[str]], follow: Table) -> Iterator[Row | Notice | Skipped]:
    header = check(Header, body["ChangeEventHeader"], "ChangeEventHeader")
    if header.entityName not in known:
        yield Skipped("unhandled_entity")
    elif _own_write(header, tenant):
        yield Skipped("own_write")
    elif header.changeType == "GAP_OVERFLOW" or any(i == DUMMY or "*" in i for i in header.recordIds):
        yield _resync(header, tenant)
    elif header.changeType.startswith("GAP_"):
        yield from _per_record(header, {}, None, dirty=True)
    elif header.changeType == "DELETE":
        # the body of a DELETE is empty or all null: only the header means anything
        yield from _per_record(header, {}, None, life=Life.DELETED)
    elif header.changeType in ("CREATE", "UNDELETE"):
        record = {name: value for name, value in body.items() if value is not None}
        yield from _per_record(header, record, None, life=Life.RESTORED if header.changeType == "UNDELETE" else Life.LIVE)
    elif header.changeType == "UPDATE":
        yield from _update(header, body, frozenset(known[header.entityName]), follow)
    else:
        yield Skipped("unknown_change_type")  # SNAPSHOT is reserved


def _own_write(header: Header, tenant: Tenant) -> bool:
    """Whether our own write-back comes back: changeOrigin is `com/salesforce/api/rest/63.0;client=<id>/`."""
    client = re.search(r"client=([^;/]+)", header.changeOrigin or "")
    return bool(client) and client[1] in tenant.own_clients  # type: ignore[index]


def _resync(header: Header, tenant: Tenant) -> Notice:
    """Too much changed at once: Salesforce names the entity, or the wildcard `001*`, but no records."""
    key = f"{header.transactionKey}:{header.sequenceNumber}:{header.entityName}"
    return Notice(f"{tenant.system}:{tenant.organisation}:{key}", tenant.system, tenant.organisation, "resync", header.entityName)


def _per_record(
    header: Header, record: dict[str, Any], named: frozenset[str] | None, life: Life = Life.LIVE, dirty: bool = False
) -> Iterator[Row]:
    """One event can concern many records that changed alike: a row for each."""
    for native in dict.fromkeys(own_id(text, "ChangeEventHeader.recordIds") for text in header.recordIds):
        yield Row(
            entity=header.entityName,
            id=native,
            key=f"{header.transactionKey}:{header.sequenceNumber}:{header.entityName}:{native}",
            version=(millis(header.commitTimestamp), header.sequenceNumber),
            record=record,
            named=named,
            life=life,
            dirty=dirty,
            seen_at=header.commitTimestamp,
        )


def _update(header: Header, body: dict[str, Any], ours: frozenset[str], follow: Table) -> Iterator[Row]:
    named = _named(header, body)
    lost = {name for name in named & ours if not _told(header, body, name)}
    if lost:
        # Named as changed, but neither a value nor a clear arrived (compound parts in the relay form): read it again.
        yield from _per_record(header, {}, None, dirty=True)
        return
    carried = {name for leader in named for name in follow.get(leader, ()) if body.get(name) is not None}
    named = named | carried
    roots = {name.partition(".")[0] for name in named}
    yield from _per_record(header, {name: value for name, value in body.items() if name in roots}, named)


def _named(header: Header, body: dict[str, Any]) -> frozenset[str]:
    """The native fields that an UPDATE asserts.

    Enriched fields appear in every event without having changed, so changedFields decides where it is readable. A bitmap
    counts the Avro schema's fields, which no payload carries: then non-null values are the change set and nothing is
    cleared. Before API 47 there is no changedFields, and CometD leaves out what did not change. Long texts that come
    as a difference (diffFields) assert nothing.
    """
    filled = {name for name, value in body.items() if value is not None and name != "ChangeEventHeader"}
    changed = set(header.changedFields or ())
    if any(BITMAP.fullmatch(name) for name in changed):
        if not filled:
            raise Refused("undecoded_bitmap", ",".join(sorted(changed))[:80])
        changed = filled
    elif not changed:
        changed = filled | {name for name in body if header.nulledFields is None and name != "ChangeEventHeader"}
    return frozenset(changed | set(header.nulledFields or ())) - frozenset(header.diffFields or ())


def _told(header: Header, body: dict[str, Any], name: str) -> bool:
    """Whether an event carries the new value of a field, or says that it was cleared.

    Pub/Sub writes null for every unchanged field, so that only nulledFields clears; elsewhere an explicit null does.
    """
    if at_path(body, name) is not None:
        return True
    if header.nulledFields is not None:
        return name in header.nulledFields
    holder = at_path(body, name.rpartition(".")[0]) if "." in name else body
    return isinstance(holder, dict) and name.rpartition(".")[2] in holder
