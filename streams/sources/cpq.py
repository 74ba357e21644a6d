"""CPQ: quotes and contracted rows of Salesforce CPQ by change events and reads, its quote model, and generic acceptances.

Sources: Salesforce CPQ Developer Guide; "Subscription Fields" (Salesforce Help). A generic CPQ publishes the CloudEvent
`com.tieout.quote.accepted.v1`. Managed objects carry the prefix SBQQ__; every end is a last day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from models.calendar import Span
from models.documents import Change, Charge, ContractLine, Line, Quote, Status
from models.references import Kind, Ref
from models.statements import Life, Notice, Skipped, Statement, Unknown
from streams.cdc import (
    Row,
    Unknowns,
    asserted,
    bare,
    currency_of,
    id18,
    joins,
    own_id,
    period,
    reference,
    statement,
    status_of,
    torn,
    unlisted,
)
from streams.exact import loads
from streams.mapping import Tenant
from streams.native import at_path, check, millis
from streams.reads import Own, children, rows
from streams.shapes import cpq as native

ACCEPTED_EVENT = "com.tieout.quote.accepted.v1"
KINDS = {"SBQQ__Quote__c": Kind.QUOTE, "SBQQ__Subscription__c": Kind.CONTRACT_LINE}


def translate(payload: bytes, tenant: Tenant) -> Iterator[Statement | Notice | Skipped]:
    """What one record of the topic says: a change event, a read, a quote model or an acceptance. Raises Refused."""
    said = loads(payload)
    if isinstance(said, str):
        said = loads(said)  # the CPQ API returns its model as a JSON string
    if isinstance(said, dict) and "specversion" in said:
        yield _event(said, tenant)
    elif isinstance(said, dict) and "lineItems" in said and "read" not in said:
        yield _model(said, tenant)
    else:
        for row in rows(said, tenant, _known(), {}):
            yield _said(tenant, row) if isinstance(row, Row) else row


def _known() -> dict[str, set[str]]:
    return {entity: {*table, "SBQQ__Ordered__c"} for entity, table in native.FIELDS.items()}


def _said(tenant: Tenant, row: Row) -> Statement | Skipped:
    if row.dirty or row.life is Life.DELETED or torn(row, native.PARTS.get(row.entity, frozenset())):
        return bare(tenant, row, KINDS[row.entity])
    said = READERS[row.entity](tenant, row)
    return Skipped("nothing_of_ours") if said.fields == () and not (said.names or said.parents or said.claims) else said


# ---- Salesforce CPQ -----------------------------------------------------------------------------


def _quote(tenant: Tenant, row: Row) -> Statement:
    records, whole = children(row.record.get(native.LINES), native.LINES)
    # a change event carries no lines: then they are not complete
    return _quoted(tenant, row, records, whole and native.LINES in row.record)


def _quoted(tenant: Tenant, row: Row, records: list[dict[str, Any]], whole: bool, groups: Mapping[str, Span] | None = None) -> Statement:
    quote = check(native.Quote, row.record, row.entity)
    fields = asserted(row, native.FIELDS["SBQQ__Quote__c"])
    status, unknown = _status(tenant, quote, fields)
    if status is Status.ACCEPTED and fields is not None:
        fields = tuple(sorted({*fields, "status"}))
    currency, odd = currency_of(tenant, quote.CurrencyIsoCode)
    change, strange = _change("SBQQ__Type__c", quote.SBQQ__Type__c)
    span = period(quote.SBQQ__StartDate__c, quote.SBQQ__EndDate__c)
    lines, doubtful = _lines(tenant, records, span, groups or {})
    opportunity = reference(tenant, row.record, "SBQQ__Opportunity2__c", Kind.OPPORTUNITY)
    amends = reference(tenant, row.record, "SBQQ__MasterContract__c", Kind.CONTRACT)
    document = Quote(
        status=status,
        number=quote.Name,
        change=change,
        primary=quote.SBQQ__Primary__c is not False,
        span=span,
        currency=currency,
        total=quote.SBQQ__NetAmount__c,
        lines=lines,
        complete_lines=whole and _distinct(lines) and len(lines) >= (quote.SBQQ__LineItemCount__c or 0),
        opportunity=opportunity,
        amends=amends,
        customer=reference(tenant, row.record, "SBQQ__Account__c", Kind.CUSTOMER),
    )
    name = tenant.ref(Kind.QUOTE, quote.Name)
    parents, claims = joins([amends, opportunity])
    ref, names = Ref(tenant.organisation, Kind.QUOTE, row.id), (name,) if name else ()
    more = {"fields": fields, "names": names, "parents": parents, "claims": claims, "unknown": unknown + odd + strange + doubtful}
    return statement(tenant, row, ref, document, **more)


def _status(tenant: Tenant, quote: native.Quote, fields: tuple[str, ...] | None) -> tuple[Status, Unknowns]:
    """An ordered quote was accepted, whatever its label says; an event that names neither says nothing."""
    if quote.SBQQ__Ordered__c:
        return Status.ACCEPTED, ()
    if fields is not None and "status" not in fields:
        return Status.UNKNOWN, ()
    return status_of(tenant, "quote", "SBQQ__Status__c", quote.SBQQ__Status__c, native.STATUS)


def _change(field: str, text: str | None) -> tuple[Change, Unknowns]:
    known = text is None or text in native.CHANGES
    return native.CHANGES.get(text or "", Change.UNKNOWN), () if known else (unlisted(field, text),)


def _distinct(lines: tuple[Line, ...]) -> bool:
    """Two lines of one id have been seen in the wild: which of them holds is unknown, so nothing may be summed."""
    return len({line.id for line in lines}) == len(lines)


def _lines(tenant: Tenant, records: list[dict[str, Any]], span: Span, groups: Mapping[str, Span]) -> tuple[tuple[Line, ...], Unknowns]:
    shaped = [check(native.QuoteLine, record, f"{native.LINES}.{number}") for number, record in enumerate(records)]
    parents = {id18(line.SBQQ__RequiredBy__c) for line in shaped} - {None}
    unknown: list[Unknown] = []
    lines = []
    for line, record in zip(shaped, records, strict=True):
        own = _line(tenant, line, record, groups.get(id18(line.SBQQ__Group__c) or "", Span()), span, unknown)
        parent = own.id in parents and not line.SBQQ__NetTotal__c
        lines.append(msgspec.structs.replace(own, net=line.SBQQ__NetTotal__c, bundle_parent=parent))
    return tuple(lines), tuple(dict.fromkeys(unknown))


def _line(tenant: Tenant, line: native.Charged, record: dict[str, Any], group: Span, header: Span, unknown: list[Unknown]) -> Line:
    """A quote line or subscription row. NetPrice is that of one unit and one term unit, which is how often it is billed."""
    product, mapped = tenant.product(line.SBQQ__ProductCode__c or id18(line.SBQQ__Product__c))
    charge = native.CHARGES.get(line.SBQQ__ChargeType__c or "", Charge.RECURRING)
    if line.SBQQ__ChargeType__c and line.SBQQ__ChargeType__c not in native.CHARGES:
        unknown.append(unlisted("SBQQ__ChargeType__c", line.SBQQ__ChargeType__c))
    months = native.MONTHS.get(line.SBQQ__BillingFrequency__c or "")
    included = at_path(record, tenant.field_name("line", "included_quantity", "Included_Quantity__c"))
    return Line(
        id=own_id(line.Id, "Id") if line.Id else f"unsaved-{record.get('key', '')}",
        product=product,
        mapped=mapped,
        charge=charge,
        quantity=line.SBQQ__Quantity__c,
        unit_price=line.SBQQ__NetPrice__c,
        price_months=months if charge is Charge.RECURRING else None,
        span=_span(line, charge, group, header),
        billing_months=months,
        in_advance=line.SBQQ__BillingType__c != "Arrears",
        included=check(native.Included, {"quantity": included}, "included_quantity").quantity,
        overage_price=line.SBQQ__NetPrice__c if charge is Charge.USAGE else None,
    )


def _span(line: native.Charged, charge: Charge, group: Span, header: Span) -> Span:
    """The service period: the line's own dates before its group's before the quote's; a one-time line is its first day."""
    own = period(line.SBQQ__StartDate__c, line.SBQQ__EndDate__c)
    start = own.start or group.start or header.start
    if line.SBQQ__EndDate__c is None and charge is Charge.ONE_TIME:
        return period(start, start)
    # an end of its own that means open-ended is not filled up from the quote
    return Span(start, own.until if line.SBQQ__EndDate__c else group.until or header.until)


def _contracted(tenant: Tenant, row: Row) -> Statement:
    """A contracted row. Rows of one product add up: an amendment leaves the old row and adds a delta that revises it."""
    native_row = check(native.Subscription, row.record, row.entity)
    ended = native_row.SBQQ__TerminatedDate__c
    unknown: list[Unknown] = []
    line = _line(tenant, native_row, {**row.record, "Id": row.id}, Span(), Span(), unknown)
    if ended:
        last = min(ended, native_row.SBQQ__EndDate__c or ended)  # the last day of service
        line = msgspec.structs.replace(line, span=period(native_row.SBQQ__StartDate__c, last))
    currency, odd = currency_of(tenant, native_row.CurrencyIsoCode)
    revises = reference(tenant, row.record, "SBQQ__RevisedSubscription__c", Kind.CONTRACT_LINE)
    contract = reference(tenant, row.record, "SBQQ__Contract__c", Kind.CONTRACT)
    document = ContractLine(
        status=Status.ENDED if ended else Status.ACTIVE,
        line=msgspec.structs.replace(line, id=row.id, quote_line=id18(native_row.SBQQ__QuoteLine__c)),
        currency=currency,
        terminated_on=ended,
        revises=revises,
    )
    return statement(
        tenant,
        row,
        Ref(tenant.organisation, Kind.CONTRACT_LINE, row.id),
        document,
        fields=asserted(row, native.FIELDS["SBQQ__Subscription__c"]),
        parents=(contract,) if contract else (),
        claims=(revises,) if revises else (),
        unknown=(*unknown, *odd),
    )


def _model(said: dict[str, Any], tenant: Tenant) -> Statement:
    """A quote as the calculator holds it: no event, so it asserts what it carries, and is older than any stored version
    unless its record was read with a stamp. Unsaved lines have a key that is no identity."""
    model = check(native.QuoteModel, said)
    own = check(Own, model.record, "record")
    record = {name: value for name, value in model.record.items() if value is not None}
    record["SBQQ__NetAmount__c"] = model.netTotal
    lines = [{**line.record, "key": line.key} for line in model.lineItems or []]
    groups = {id18(str(group.record.get("Id"))) or "": _dates(group.record) for group in model.lineItemGroups or []}
    stamp = own.SystemModstamp or own.LastModifiedDate
    quote = own_id(own.Id, "record.Id")
    named = (frozenset(record) | {native.LINES}) - (frozenset() if record.keys() >= native.DATES else native.DATES)
    row = Row("SBQQ__Quote__c", quote, "", (millis(stamp), 0), record=record, named=named, seen_at=stamp)
    said_of = _quoted(tenant, row, lines, True, groups)
    digest = hashlib.sha256(msgspec.json.encode(said_of)).hexdigest()[:16]
    return msgspec.structs.replace(said_of, id=f"{tenant.system}:{tenant.organisation}:model:{quote}:{digest}")


def _dates(group: dict[str, Any]) -> Span:
    shaped = check(native.Charged, {key: group.get(key) for key in ("SBQQ__StartDate__c", "SBQQ__EndDate__c")}, "lineItemGroups")
    return period(shaped.SBQQ__StartDate__c, shaped.SBQQ__EndDate__c)


# ---- the generic acceptance ---------------------------------------------------------------------


def _event(said: dict[str, Any], tenant: Tenant) -> Statement | Skipped:
    event = check(native.Event, said)
    tenant.check_spelling(event.source)
    if event.type != ACCEPTED_EVENT:
        return Skipped("unknown_event_type")
    return _accepted(event, check(native.Acceptance, event.data, "data"), tenant)


def _accepted(event: native.Event, data: native.Acceptance, tenant: Tenant) -> Statement:
    quote, unknown = data.quote, list[Unknown]()
    currency, odd = currency_of(tenant, quote.currency)
    change, strange = _change("kind", quote.kind)
    span = period(quote.start_date, quote.end_date)
    # `opportunity_id` names no system: it is the CRM's, and only Salesforce's begin with 006
    crm = id18(quote.opportunity_id) if (quote.opportunity_id or "").startswith("006") else quote.opportunity_id
    amends = tenant.ref(Kind.CONTRACT_NUMBER, quote.amends_contract)
    opportunity = tenant.ref(Kind.OPPORTUNITY, crm)
    lines = tuple(_accepted_line(tenant, line, span, unknown) for line in data.lines)
    parents, claims = joins([amends, opportunity])
    return Statement(
        id=f"{tenant.system}:{tenant.organisation}:{event.source}:{event.id}",
        system=tenant.system,
        ref=Ref(tenant.organisation, Kind.QUOTE, quote.number),
        version=(quote.revision,),
        document=Quote(
            status=Status.ACCEPTED,
            number=quote.number,
            change=change,
            span=span,
            currency=currency,
            total=quote.total,
            lines=lines,
            complete_lines=_distinct(lines),
            opportunity=opportunity,
            amends=amends,
            customer=tenant.ref(Kind.CUSTOMER, id18(quote.customer_id)),
        ),
        parents=parents,
        claims=claims,
        unknown=(*unknown, *odd, *strange),
        seen_at=event.time,
        mapping=tenant.revision,
    )


def _accepted_line(tenant: Tenant, line: native.AcceptedLine, span: Span, unknown: list[Unknown]) -> Line:
    product, mapped = tenant.product(line.sku)
    if line.charge not in native.CHARGES:
        unknown.append(unlisted("charge", line.charge))
    own = period(line.start, line.end)
    return Line(
        id=line.line_id,
        product=product,
        mapped=mapped,
        charge=native.CHARGES.get(line.charge, Charge.RECURRING),
        quantity=line.quantity,
        unit_price=line.net_unit_price,
        price_months=line.term_months,
        net=line.net_total,
        span=Span(own.start or span.start, own.until if line.end else span.until),
        included=line.included_quantity,
        overage_price=line.overage_price,
    )


READERS: dict[str, Callable[[Tenant, Row], Statement]] = {"SBQQ__Quote__c": _quote, "SBQQ__Subscription__c": _contracted}
