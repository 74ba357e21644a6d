"""Zuora: thin callouts, and orders, subscriptions, invoices, credit memos, payments and refunds as the connector read them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from models.documents import Document
from models.references import Kind, Ref
from models.statements import Life, Notice, Refused, Skipped, Statement, Unknown
from streams import exact
from streams import zuora_documents as documents
from streams.cdc import id18
from streams.facts import bare, first, instant_in, own_ref, refs, sound, text_at
from streams.mapping import Tenant
from streams.native import at_path, check, millis
from streams.shapes import zuora as shapes
from streams.shapes import zuora_words as words

SYSTEM = "zuora"

Said = Statement | Notice | Skipped
Refs = tuple[Ref, ...]


def translate(payload: bytes, tenant: Tenant) -> Iterator[Said]:
    """What a callout or a read document of Zuora says; raises Refused for what cannot be understood."""
    document = sound(payload, exact.loads(payload))
    if isinstance(document, dict) and "eventType" in document and "read" not in document:
        yield _callout(check(shapes.Callout, document), tenant)
        return
    envelope = check(shapes.Envelope, document)
    read = envelope.read
    if read.system != SYSTEM or read.op not in ("upsert", "delete"):
        raise Refused("foreign_read", f"system {read.system}, op {read.op}")
    tenant.check_spelling(read.tenant)
    name = read.object.lower()
    if name not in words.KINDS:
        # usage reaches us rated, as items of an invoice; other objects say nothing of a contract
        yield Skipped("usage" if name == "usage" else "unknown_object")
    elif read.op == "delete":
        yield _deleted(name, read, tenant)
    else:
        yield READERS[name](envelope.record, read, tenant)


def _callout(callout: shapes.Callout, tenant: Tenant) -> Said:
    """The notification without its document; its event id survives a retry, the request id of the header does not."""
    tenant.check_spelling(callout.tenantId)
    kind, native = _called(callout)
    if kind is None:
        return Skipped("unknown_event_type")
    ref = own_ref(tenant, kind, native, "objectId")
    seen_at = instant_in(callout.eventTime, tenant, "eventTime")
    told = callout.eventId or f"{callout.eventType}:{ref.id}:{callout.subscriptionVersion or millis(seen_at)}"
    return Statement(
        id=f"{SYSTEM}:{tenant.organisation}:callout:{told}",
        system=SYSTEM,
        ref=ref,
        version=(millis(seen_at),),
        thin=True,
        seen_at=seen_at,
        mapping=tenant.revision,
    )


def _called(callout: shapes.Callout) -> tuple[Kind | None, str | None]:
    """What a callout is about: a number tells its kind by its prefix, a bare id by the event's type."""
    event = bare(callout.eventType)
    kind = next((kind for name, kind in words.KINDS.items() if event.startswith(name)), None)
    if event.startswith("paymentmethod"):
        kind = None
    numbers = {Kind.SUBSCRIPTION: callout.subscriptionNumber, Kind.INVOICE: callout.invoiceNumber}
    native = callout.objectId or (numbers.get(kind) if kind else None)
    return next((of for prefix, of in words.PREFIXES.items() if (native or "").startswith(prefix)), kind), native


def _deleted(name: str, read: shapes.Read, tenant: Tenant) -> Statement:
    """A tombstone; the record is gone, so the time of the read is its version (of a subscription: above every version)."""
    ref = own_ref(tenant, words.KINDS[name], read.key, "read.key")
    read_at = instant_in(read.read_at, tenant, "read.read_at")
    stamp = millis(read_at)
    return Statement(
        id=f"{SYSTEM}:{tenant.organisation}:{name}:{ref.id}:deleted:{stamp}",
        system=SYSTEM,
        ref=ref,
        version=(stamp, stamp) if name == "subscription" else (stamp,),
        life=Life.DELETED,
        seen_at=read_at,
        read_at=read_at,
        because=read.because,
        mapping=tenant.revision,
    )


def _said(
    read: shapes.Read,
    tenant: Tenant,
    number: str,
    updated: datetime,
    document: Document,
    unknown: list[Unknown],
    version: tuple[int, ...] = (),
    names: tuple[str | None, ...] = (),
    parents: Refs = (),
    claims: Refs = (),
) -> Statement:
    """The statement of a whole document; `names` are its other ids. A reference that joins is not claimed again."""
    name = read.object.lower()
    ref = own_ref(tenant, words.KINDS[name], number, "record")
    seen_at = instant_in(updated, tenant, "record.updatedDate")
    version = (*version, millis(seen_at))
    return Statement(
        id=f"{SYSTEM}:{tenant.organisation}:{name}:{ref.id}:{'.'.join(map(str, version))}",
        system=SYSTEM,
        ref=ref,
        version=version,
        document=document,
        names=tuple(other for other in refs(tenant, ref.kind, names) if other != ref),
        parents=parents,
        claims=tuple(claim for claim in claims if claim not in parents),
        unknown=tuple(dict.fromkeys(unknown)),
        seen_at=seen_at,
        read_at=instant_in(read.read_at, tenant, "read.read_at"),
        because=read.because,
        mapping=tenant.revision,
    )


def _order(record: Any, read: shapes.Read, tenant: Tenant) -> Said:
    native = check(shapes.OrderRead, record, "record").order
    path = tenant.field_name("order", "opportunity", "customFields.OpportunityId__c")
    quote = text_at(record["order"], tenant.field_name("order", "quote", "customFields.QuoteNumber__QT"))
    unknown: list[Unknown] = []
    return _said(
        read,
        tenant,
        native.orderNumber,
        native.updatedDate,
        documents.order_of(native, quote, tenant, unknown),
        unknown,
        parents=first(
            refs(tenant, Kind.OPPORTUNITY, (id18(text_at(one, path)) for one in at_path(record, "order.subscriptions") or [])),
            refs(tenant, Kind.SUBSCRIPTION, (one.subscriptionNumber for one in native.subscriptions or [])),
        ),
    )


def _subscription(record: Any, read: shapes.Read, tenant: Tenant) -> Said:
    native = check(shapes.Subscription, record, "record")
    if re.match(r"[0-9a-f]{32}_", native.subscriptionNumber):
        return Skipped("superseded_row")  # Zuora renames rows of replaced versions to <id>_A-S...
    contract = text_at(record, tenant.field_name("subscription", "contract_number", "ContractNumber__c"))
    opportunity = id18(text_at(record, tenant.field_name("subscription", "opportunity", "OpportunityId__c")))
    quote = text_at(record, tenant.field_name("subscription", "quote", "QuoteNumber__QT"))
    unknown: list[Unknown] = []
    document = documents.subscription_of(native, contract, quote, tenant, unknown)
    return _said(
        read,
        tenant,
        native.subscriptionNumber,
        native.updatedDate,
        document,
        unknown,
        version=(document.version or 0,),
        names=(native.id, native.originalId),
        parents=first(
            refs(tenant, Kind.CONTRACT_NUMBER, [contract]),
            refs(tenant, Kind.OPPORTUNITY, [opportunity]),
            refs(tenant, Kind.QUOTE, [quote]),
        ),
    )


def _invoice(record: Any, read: shapes.Read, tenant: Tenant) -> Said:
    native = check(shapes.Invoice, record, "record")
    ledger = text_at(record, tenant.field_name("invoice", "erp_invoice", "IntegrationId__NS"))
    counterpart = tenant.ref(Kind.ERP_INVOICE, ledger)
    unknown: list[Unknown] = []
    return _said(
        read,
        tenant,
        native.invoiceNumber,
        native.updatedDate,
        documents.invoice_of(native, counterpart, tenant, unknown),
        unknown,
        names=(native.id,),
        parents=refs(tenant, Kind.SUBSCRIPTION, (item.subscriptionName for item in native.invoiceItems or [])),
        claims=(counterpart,) if counterpart else (),
    )


def _credit(record: Any, read: shapes.Read, tenant: Tenant) -> Said:
    native = check(shapes.CreditMemo, record, "record")
    unknown: list[Unknown] = []
    return _said(
        read,
        tenant,
        native.number,
        native.updatedDate,
        documents.credit_of(native, tenant, unknown),
        unknown,
        names=(native.id,),
        parents=first(
            refs(tenant, Kind.INVOICE, [native.referredInvoiceNumber]),
            refs(tenant, Kind.SUBSCRIPTION, (item.subscriptionId for item in native.items or [])),
        ),
        claims=refs(tenant, Kind.INVOICE, [native.referredInvoiceId]),
    )


def _payment(record: Any, read: shapes.Read, tenant: Tenant) -> Said:
    native = check(shapes.Payment, record, "record")
    parts = native.parts or []
    gateway = refs(tenant, Kind.GATEWAY_PAYMENT, [native.referenceId])
    unknown: list[Unknown] = []
    return _said(
        read,
        tenant,
        native.number,
        native.updatedDate,
        documents.payment_of(native, tenant, unknown),
        unknown,
        names=(native.id,),
        parents=refs(tenant, Kind.INVOICE, (part.invoiceNumber for part in parts)),
        claims=refs(tenant, Kind.INVOICE, (part.invoiceId for part in parts)) + gateway,
    )


def _refund(record: Any, read: shapes.Read, tenant: Tenant) -> Said:
    native = check(shapes.Refund, record, "record")
    payment = refs(tenant, Kind.PAYMENT, [native.paymentId])
    gateway = refs(tenant, Kind.GATEWAY_REFUND, [native.referenceId])
    unknown: list[Unknown] = []
    return _said(
        read,
        tenant,
        native.number,
        native.updatedDate,
        documents.refund_of(native, tenant, unknown),
        unknown,
        names=(native.id,),
        parents=first(refs(tenant, Kind.CREDIT, [native.creditMemoNumber]), payment),
        claims=refs(tenant, Kind.CREDIT, [native.creditMemoId]) + payment + gateway,
    )


READERS: dict[str, Callable[[Any, shapes.Read, Tenant], Said]] = {
    "order": _order,
    "subscription": _subscription,
    "invoice": _invoice,
    "creditmemo": _credit,
    "payment": _payment,
    "refund": _refund,
}
