"""NetSuite: REST records, SuiteQL pages, revenue and ledger rows as the connector read them, script notifications, tombstones."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from models.documents import Document
from models.references import Kind, Ref
from models.statements import Life, Notice, Refused, Skipped, Statement, Unknown
from streams import exact
from streams import netsuite_documents as documents
from streams import netsuite_pages as pages
from streams import netsuite_revenue as revenue
from streams.cdc import id18
from streams.facts import bare, first, instant_in, own_ref, refs, sound, text_at
from streams.mapping import Tenant
from streams.native import Native, check, millis
from streams.shapes import netsuite as shapes

SYSTEM = "netsuite"
# record types, which REST, scripts and tombstones spell with different capitals
KINDS = {
    "salesorder": Kind.ERP_ORDER,
    "invoice": Kind.ERP_INVOICE,
    "creditmemo": Kind.ERP_CREDIT,
    "customerpayment": Kind.ERP_PAYMENT,
    "customerrefund": Kind.ERP_REFUND,
    "revenueelement": Kind.REVENUE_ELEMENT,
    "revenueplan": Kind.REVENUE_PLAN,
    "journalentry": Kind.JOURNAL,
    "transactionaccountingline": Kind.JOURNAL,
}
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Said = Statement | Notice | Skipped
Refs = tuple[Ref, ...]


def translate(payload: bytes, tenant: Tenant) -> Iterator[Said]:
    """What a notification or a read document of NetSuite says; raises Refused for what cannot be understood.

    A page is refused whole: half of it would be half a truth.
    """
    # NetSuite lets raw control characters (seen: U+0005) stand inside strings
    yield from _all(_clean(sound(payload, exact.loads(payload, strict=False))), tenant)


def _clean(value: Any) -> Any:
    """The same document without control characters; its depth is limited by the reader."""
    if isinstance(value, str):
        return CONTROL.sub("", value)
    if isinstance(value, list):
        return [_clean(part) for part in value]
    return {_clean(name): _clean(part) for name, part in value.items()} if isinstance(value, dict) else value


def _all(document: Any, tenant: Tenant) -> list[Said]:
    if isinstance(document, dict) and "recordType" in document and "read" not in document:
        return [_notified(check(shapes.Notification, document), tenant)]
    envelope = check(shapes.Envelope, document)
    read, name = envelope.read, bare(envelope.read.object)
    if read.system != SYSTEM or read.op not in ("upsert", "delete"):
        raise Refused("foreign_read", f"system {read.system}, op {read.op}")
    tenant.check_spelling(read.tenant)
    if name == "deletedrecord":
        return [_tombstone(envelope.record, read, tenant)]
    if read.op == "delete":
        return [_gone(name, read, tenant)]
    if name not in READERS and not name.endswith("list"):
        return [Skipped("unknown_object")]
    _check_account(check(shapes.Linked, envelope.record, "record"), tenant)
    return READERS.get(name, _list)(envelope.record, read, tenant)


def _check_account(record: shapes.Linked, tenant: Tenant) -> None:
    """The host of a record's own links starts with the account, where `7310417_SB1` is written `7310417-sb1`."""
    for link in record.links or []:
        host = re.match(r"https://([\w-]+)\.[\w.]*netsuite\.com/", link.href or "")
        if host and host[1] not in tenant.spellings:
            tenant.check_spelling(host[1].replace("-", "_").upper())


def _notified(told: shapes.Notification, tenant: Tenant) -> Said:
    tenant.check_spelling(told.account)
    if bare(told.recordType) not in KINDS:
        return Skipped("unknown_record_type")
    modified = instant_in(told.lastModifiedDate, tenant, "lastModifiedDate")
    return _thin(bare(told.recordType), told.id, modified, tenant)


def _thin(name: str, native: str, at: datetime, tenant: Tenant) -> Statement:
    ref = own_ref(tenant, KINDS[name], native, "id")
    return Statement(
        id=f"{SYSTEM}:{tenant.organisation}:thin:{name}:{ref.id}:{millis(at)}",
        system=SYSTEM,
        ref=ref,
        version=(millis(at),),
        thin=True,
        seen_at=at,
        mapping=tenant.revision,
    )


def _list(record: Any, read: shapes.Read, tenant: Tenant) -> list[Said]:
    """A REST list has ids only and no times: what it says holds at the time of the read."""
    name = bare(read.object).removesuffix("list")
    if name not in KINDS:
        return [Skipped("unknown_object")]
    page = check(shapes.Page, record, "record")
    read_at = instant_in(read.read_at, tenant, "read.read_at")
    keys = [check(shapes.Key, row, f"record.items.{number}").id for number, row in enumerate(page.items)]
    return [_thin(name, key, read_at, tenant) for key in dict.fromkeys(keys)]


def _tombstone(record: Any, read: shapes.Read, tenant: Tenant) -> Said:
    native = check(shapes.Deleted, record, "record")
    kind = KINDS.get(bare(native.type))
    if kind is None:
        return Skipped("unknown_record_type")
    ref = own_ref(tenant, kind, native.internalId, "record.internalId")
    return _said(read, tenant, ref, instant_in(native.deletedDate, tenant, "record.deletedDate"), native, life=Life.DELETED)


def _gone(name: str, read: shapes.Read, tenant: Tenant) -> Said:
    """A record that the connector found gone: only the time of the read is known."""
    if name not in KINDS:
        return Skipped("unknown_object")
    ref = own_ref(tenant, KINDS[name], read.key, "read.key")
    return _said(read, tenant, ref, None, life=Life.DELETED)


def _said(read: shapes.Read, tenant: Tenant, ref: Ref, modified: datetime | None, *native: Native, **facts: Any) -> Statement:
    """A statement about a record. Its stamp has whole minutes, so the read orders ties and the content tells copies apart.

    A record without a stamp of its own has the time of the read.
    """
    read_at = instant_in(read.read_at, tenant, "read.read_at")
    version = millis(modified or read_at)
    return Statement(
        id=f"{SYSTEM}:{tenant.organisation}:{ref.kind}:{ref.id}:{version}:{_digest(native, facts)}",
        system=SYSTEM,
        ref=ref,
        version=(version, millis(read_at)),
        seen_at=modified,
        read_at=read_at,
        because=read.because,
        mapping=tenant.revision,
        **facts,
    )


def _digest(native: Iterable[Native], facts: Mapping[str, Any]) -> str:
    """SHA-256 of what we read of a record: its checked fields, and what stands in fields that the organisation named.

    A field that we do not read, or a change of the mapping's products, makes no new statement of the same record.
    """
    links = [str(ref) for ref in (*facts.get("parents", ()), *facts.get("claims", ()))]
    spans = [str(line.span) for line in getattr(facts.get("document"), "lines", ())]
    content = json.dumps([[one.model_dump(mode="json") for one in native], links, spans], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


Reader = Callable[[shapes.Transaction, Any, Tenant, list[Unknown]], Document]


def _transaction(kind: Kind, read_document: Reader) -> Callable[[Any, shapes.Read, Tenant], list[Said]]:
    """The reader of one record type; ids are unique per type, so the kind is part of the reference."""

    def read_one(record: Any, read: shapes.Read, tenant: Tenant) -> list[Said]:
        native = check(shapes.Transaction, record, "record")
        unknown: list[Unknown] = []
        document = read_document(native, record, tenant, unknown)
        parents, claims = _joins(kind, native, record, tenant)
        return [
            _said(
                read,
                tenant,
                own_ref(tenant, kind, native.id, "record.id"),
                instant_in(native.lastModifiedDate, tenant, "record.lastModifiedDate"),
                native,
                document=document,
                names=_other(tenant, kind, native.id, native.tranId),
                parents=parents,
                claims=claims,
                unknown=tuple(dict.fromkeys(unknown)),
            )
        ]

    return read_one


def _other(tenant: Tenant, kind: Kind, native: str, number: str | None) -> Refs:
    return tuple(ref for ref in refs(tenant, kind, [number]) if ref.id != native)


def _joins(kind: Kind, native: shapes.Transaction, record: Any, tenant: Tenant) -> tuple[Refs, Refs]:
    """(parents, claims) of a transaction: the first field that is not empty joins, all others are claims, of an order none."""

    def custom(name: str, default: str) -> str | None:
        return text_at(record, tenant.field_name("transaction", name, default))

    billed = refs(tenant, documents.BILLED[kind], [native.externalId])
    subscription = refs(tenant, Kind.SUBSCRIPTION, [custom("subscription", "custbody_subscription_number")])
    opportunity = refs(tenant, Kind.OPPORTUNITY, [id18(custom("opportunity", "custbody_crm_opportunity"))])
    if kind is Kind.ERP_ORDER:
        return first(billed, opportunity, refs(tenant, Kind.QUOTE, [custom("quote", "otherRefNum")]), subscription), ()
    # A refund pays out credit memos; payments and credit memos settle invoices.
    settled = Kind.ERP_CREDIT if kind is Kind.ERP_REFUND else Kind.ERP_INVOICE
    rows = native.apply.items or [] if native.apply and kind is not Kind.ERP_INVOICE else []
    applied = refs(tenant, settled, (row.doc.id for row in rows if row.doc and row.apply is not False))
    source = Kind.ERP_ORDER if kind is Kind.ERP_INVOICE else Kind.ERP_INVOICE
    made = refs(tenant, source, [native.createdFrom.id] if native.createdFrom and kind in (Kind.ERP_INVOICE, Kind.ERP_CREDIT) else [])
    parents = first(billed, subscription, applied, made)
    others = dict.fromkeys((*applied, *made, *subscription, *opportunity))
    return parents, tuple(ref for ref in others if ref not in parents)


def _element(record: Any, read: shapes.Read, tenant: Tenant) -> list[Said]:
    native = check(shapes.RevenueElement, record, "record")
    unknown: list[Unknown] = []
    number = text_at(record, tenant.field_name("revenueElement", "subscription", "custrecord_subscription_number"))
    subscription = tenant.ref(Kind.SUBSCRIPTION, number)
    source = revenue.source_of(native, tenant, unknown)
    document = revenue.element_of(native, source, subscription, tenant, unknown)
    parents = (subscription,) if subscription else (source,) if source else ()
    ref = own_ref(tenant, Kind.REVENUE_ELEMENT, native.revenue_element_id, "record.revenue_element_id")
    modified = instant_in(native.lastmodifieddate, tenant, "record.lastmodifieddate")
    claims = tuple(claim for claim in (source, document.returns) if claim and claim not in parents)
    facts = {"document": document, "parents": parents, "claims": claims, "unknown": tuple(unknown)}
    return [_said(read, tenant, ref, modified, native, **facts)]


def _plan(record: Any, read: shapes.Read, tenant: Tenant) -> list[Said]:
    native = check(shapes.RevenuePlan, record, "record")
    unknown: list[Unknown] = []
    parents = refs(tenant, Kind.REVENUE_ELEMENT, [native.revenue_element_id])
    document = revenue.plan_of(native, parents[0] if parents else None, tenant, unknown)
    ref = own_ref(tenant, Kind.REVENUE_PLAN, native.plan_id, "record.plan_id")
    modified = instant_in(native.lastmodifieddate, tenant, "record.lastmodifieddate")
    return [_said(read, tenant, ref, modified, native, document=document, parents=parents, unknown=tuple(unknown))]


def _paged(found: Callable[[Any, Tenant], Iterator[pages.Found | Skipped]]) -> Callable[[Any, shapes.Read, Tenant], list[Said]]:
    def read_all(record: Any, read: shapes.Read, tenant: Tenant) -> list[Said]:
        return [
            one if isinstance(one, Skipped) else _said(read, tenant, one.ref, one.modified, *one.rows, **one.facts)
            for one in found(record, tenant)
        ]

    return read_all


READERS: dict[str, Callable[[Any, shapes.Read, Tenant], list[Said]]] = {
    "salesorder": _transaction(Kind.ERP_ORDER, documents.order_of),
    "invoice": _transaction(Kind.ERP_INVOICE, documents.invoice_of),
    "creditmemo": _transaction(Kind.ERP_CREDIT, documents.credit_of),
    "customerpayment": _transaction(Kind.ERP_PAYMENT, documents.payment_of),
    "customerrefund": _transaction(Kind.ERP_REFUND, documents.refund_of),
    "revenueelement": _element,
    "revenueplan": _plan,
    "suiteql": _paged(pages.transactions),
    "transactionaccountingline": _paged(pages.journals),
}
