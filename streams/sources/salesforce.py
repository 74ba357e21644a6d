"""Salesforce, the CRM: opportunity, contract, order and account, from change events, outbound messages and REST reads.

Sources: Change Data Capture Developer Guide; SOAP API Developer Guide, "Outbound Messaging"; Object Reference.
Statuses are read from IsClosed, IsWon and StatusCode: StageName and Status are free, translated labels.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from models.documents import Agreement, Change, Charge, Customer, Line, Opportunity, Order, Status
from models.references import Kind, Ref
from models.statements import Life, Notice, Skipped, Statement, Unknown
from streams.cdc import Row, asserted, bare, currency_of, id18, joins, own_id, period, reference, statement, status_of, torn, unlisted
from streams.exact import loads
from streams.mapping import Tenant
from streams.native import Native, Text, at_path, check
from streams.outbound import notifications
from streams.reads import children, rows
from streams.shapes.salesforce import FIELDS, PARTS, Account, Contract, Deal, Item, Purchase

KINDS = {"Opportunity": Kind.OPPORTUNITY, "Contract": Kind.CONTRACT, "Order": Kind.ORDER, "Account": Kind.CUSTOMER}
CONTRACT_STATUS = {
    "Draft": Status.PROPOSED,
    "InApproval": Status.PROPOSED,
    "Activated": Status.ACTIVE,
    "Terminated": Status.ENDED,
    "Expired": Status.ENDED,
}
CHARGES = {"one-time": Charge.ONE_TIME, "recurring": Charge.RECURRING, "usage": Charge.USAGE}
ORDER_STATUS = {"Draft": Status.PROPOSED, "Activated": Status.ORDERED}
# Type is a free picklist; these are the values the vendor ships and the usual ones. Any other stays unknown, unremarked.
CHANGES = {
    "new": Change.NEW,
    "new business": Change.NEW,
    "new customer": Change.NEW,
    "amendment": Change.AMENDMENT,
    "upsell": Change.AMENDMENT,
    "existing customer - upgrade": Change.AMENDMENT,
    "existing customer - downgrade": Change.AMENDMENT,
    "renewal": Change.RENEWAL,
}


def translate(payload: bytes, tenant: Tenant) -> Iterator[Statement | Notice | Skipped]:
    """What one record of the topic says: a change event, an outbound message, or a read. Raises Refused."""
    known = _known(tenant)
    xml = payload.lstrip()[:1] == b"<"
    for row in notifications(payload, tenant, known) if xml else rows(loads(payload), tenant, known, _carried(tenant)):
        yield _said(tenant, row) if isinstance(row, Row) else row


def _known(tenant: Tenant) -> dict[str, set[str]]:
    """The native fields we read of each object, the organisation's own among them."""
    own = {
        "Opportunity": {_won(tenant)[0], "IsClosed", "StageName"},
        "Contract": {_field(tenant, "contract", "opportunity"), _field(tenant, "contract", "quote")},
        "Order": {_field(tenant, "order", "quote")},
        "Account": {_field(tenant, "account", "tax_id")},
    }
    return {entity: set(table) | own[entity] for entity, table in FIELDS.items()}


def _carried(tenant: Tenant) -> dict[str, tuple[str, ...]]:
    """IsClosed and IsWon follow from the stage: a change of the stage carries them in the body, not in changedFields."""
    return {"StageName": ("IsClosed", _won(tenant)[0])}


def _won(tenant: Tenant) -> tuple[str, str]:
    return tenant.won or ("IsWon", "true")


def _field(tenant: Tenant, object_: str, name: str) -> str:
    default = {"opportunity": "SBQQ__Opportunity__c", "quote": "SBQQ__Quote__c", "tax_id": "VAT_Number__c"}[name]
    return tenant.field_name(object_, name, default)


def _said(tenant: Tenant, row: Row) -> Statement | Skipped:
    gone = row.life is Life.DELETED and not row.record.get("MasterRecordId")
    if row.dirty or gone or torn(row, PARTS.get(row.entity, frozenset())):
        return bare(tenant, row, KINDS[row.entity])
    said = READERS[row.entity](tenant, row)
    # an UPDATE that names nothing we keep, such as a probability or a next step
    return Skipped("nothing_of_ours") if said.fields == () and not (said.names or said.parents or said.claims) else said


# ---- documents ----------------------------------------------------------------------------------


def _opportunity(tenant: Tenant, row: Row) -> Statement:
    deal = check(Deal, row.record, row.entity)
    status = _deal_status(tenant, deal, row.record)
    currency, unknown = currency_of(tenant, deal.CurrencyIsoCode)
    fields = asserted(row, FIELDS["Opportunity"])
    if fields is None and status is None:
        unknown += (unlisted("IsClosed", deal.IsClosed),)
    parents, claims = joins([reference(tenant, row.record, "ContractId", Kind.CONTRACT)])
    document = Opportunity(
        status=status or Status.UNKNOWN,
        amount=deal.Amount,
        currency=currency,
        closed_on=deal.CloseDate,
        change=CHANGES.get((deal.Type or "").lower(), Change.UNKNOWN),
        has_lines=bool(deal.HasOpportunityLineItem),
        name=deal.Name,
        customer=reference(tenant, row.record, "AccountId", Kind.CUSTOMER),
    )
    if fields is not None and status:
        fields = (*fields, "status")
    ref = Ref(tenant.organisation, Kind.OPPORTUNITY, row.id)
    return statement(tenant, row, ref, document, fields=fields, parents=parents, claims=claims, unknown=unknown)


def _deal_status(tenant: Tenant, deal: Deal, record: dict[str, Any]) -> Status | None:
    """WON, LOST or PROPOSED; None where an event carries too little to tell, so that what is stored stays."""
    field, equals = _won(tenant)
    value = at_path(record, field)
    won = None if value is None else str(value).strip().lower() == equals.lower()
    if won:
        return Status.WON
    if deal.IsClosed is False:
        return Status.PROPOSED
    return Status.LOST if deal.IsClosed and won is False else None


def _contract(tenant: Tenant, row: Row) -> Statement:
    contract = check(Contract, row.record, row.entity)
    fields = asserted(row, FIELDS["Contract"])
    status, unknown = _status(tenant, "contract", contract.StatusCode, CONTRACT_STATUS, fields)
    currency, odd = currency_of(tenant, contract.CurrencyIsoCode)
    span = period(contract.StartDate, contract.EndDate)
    parents, claims = joins(
        [
            reference(tenant, row.record, _field(tenant, "contract", "opportunity"), Kind.OPPORTUNITY),
            reference(tenant, row.record, _field(tenant, "contract", "quote"), Kind.QUOTE),
        ]
    )
    document = Agreement(
        status=status,
        number=contract.ContractNumber,
        start=span.start,
        until=span.until,
        currency=currency,
        customer=reference(tenant, row.record, "AccountId", Kind.CUSTOMER),
    )
    number = tenant.ref(Kind.CONTRACT_NUMBER, contract.ContractNumber)
    ref, names = Ref(tenant.organisation, Kind.CONTRACT, row.id), (number,) if number else ()
    more = {"fields": fields, "names": names, "parents": parents, "claims": claims, "unknown": unknown + odd}
    return statement(tenant, row, ref, document, **more)


def _status(
    tenant: Tenant, object_: str, code: str | None, table: Mapping[str, Status], fields: tuple[str, ...] | None
) -> tuple[Status, tuple[Unknown, ...]]:
    """The status by StatusCode; an event that does not name it says nothing of it."""
    if fields is not None and "status" not in fields:
        return Status.UNKNOWN, ()
    return status_of(tenant, object_, "StatusCode", code, table)


def _order(tenant: Tenant, row: Row) -> Statement:
    order = check(Purchase, row.record, row.entity)
    fields = asserted(row, FIELDS["Order"])
    status, unknown = _status(tenant, "order", order.StatusCode, ORDER_STATUS, fields)
    currency, odd = currency_of(tenant, order.CurrencyIsoCode)
    quote = reference(tenant, row.record, _field(tenant, "order", "quote"), Kind.QUOTE)
    parents, claims = joins(
        [
            reference(tenant, row.record, "ContractId", Kind.CONTRACT),
            reference(tenant, row.record, "OpportunityId", Kind.OPPORTUNITY),
            quote,
            reference(tenant, row.record, "OriginalOrderId", Kind.ORDER),
        ]
    )
    items, whole = children(row.record.get("OrderItems"), "OrderItems")
    document = Order(
        status=status,
        number=order.OrderNumber,
        # a reduction order takes back a part of its original order: it is how the vendor voids
        change=Change.AMENDMENT if order.IsReductionOrder else CHANGES.get((order.Type or "").lower(), Change.UNKNOWN),
        span=period(order.EffectiveDate, order.EndDate),
        ordered_on=order.ActivatedDate,
        currency=currency,
        net=order.TotalAmount,
        lines=tuple(_line(tenant, item) for item in items),
        complete_lines=whole and "OrderItems" in row.record,  # a change event never carries them
        quote=quote,
        customer=reference(tenant, row.record, "AccountId", Kind.CUSTOMER),
    )
    number = tenant.ref(Kind.ORDER, order.OrderNumber)
    ref, names = Ref(tenant.organisation, Kind.ORDER, row.id), (number,) if number else ()
    more = {"fields": fields, "names": names, "parents": parents, "claims": claims, "unknown": unknown + odd}
    return statement(tenant, row, ref, document, **more)


def _line(tenant: Tenant, native: dict[str, Any]) -> Line:
    item = check(Item, native, "OrderItems.records")
    code = check(Code, {"code": _product_code(tenant, native)}, "OrderItems.records").code
    product, mapped = tenant.product(code or id18(item.Product2Id))
    return Line(
        id=own_id(item.Id, "OrderItems.records.Id"),
        product=product,
        mapped=mapped,
        charge=_charge(item),
        quantity=item.Quantity,
        unit_price=item.UnitPrice,
        net=item.TotalPrice,
        span=period(item.ServiceDate, item.EndDate),
        quote_line=id18(item.SBQQ__QuoteLine__c),
    )


class Code(Native):
    """A product code, wherever the organisation's query puts it."""

    code: Text = None


def _product_code(tenant: Tenant, item: dict[str, Any]) -> Any:
    own = at_path(item, tenant.field_name("line", "product", "ProductCode__c"))
    return at_path(item, "Product2.ProductCode") if own is None else own


def _charge(item: Item) -> Charge:
    """How an order product is charged. The standard object does not say: only CPQ's field does.

    Without it, a service of one day is charged once, and a price whose total is zero is one of usage to come.
    """
    if item.SBQQ__ChargeType__c:
        return CHARGES.get(item.SBQQ__ChargeType__c.lower(), Charge.RECURRING)
    if item.UnitPrice and item.Quantity and item.TotalPrice == 0:
        return Charge.USAGE
    return Charge.ONE_TIME if item.ServiceDate and item.ServiceDate == item.EndDate else Charge.RECURRING


def _account(tenant: Tenant, row: Row) -> Statement:
    account = check(Account, row.record, row.entity)
    tax_id = _field(tenant, "account", "tax_id")
    fields = asserted(row, {**FIELDS["Account"], tax_id: ("tax_id",)})
    currency, unknown = currency_of(tenant, account.CurrencyIsoCode)
    winner = reference(tenant, row.record, "MasterRecordId", Kind.CUSTOMER)
    document = Customer(
        name=account.Name,
        number=account.AccountNumber,
        country=account.BillingCountry or (account.BillingAddress.Country if account.BillingAddress else None),
        tax_id=check(Code, {"code": at_path(row.record, tax_id)}, tax_id).code,
        currency=currency,
        merged_into=winner,
    )
    # The loser of a merge is deleted, but what it stood for lives on in the winner: a merge, not a tombstone.
    row = dataclasses.replace(row, life=Life.LIVE) if winner else row
    ref, names = Ref(tenant.organisation, Kind.CUSTOMER, row.id), (winner,) if winner else ()
    return statement(tenant, row, ref, document, fields=fields, names=names, unknown=unknown)


READERS: dict[str, Callable[[Tenant, Row], Statement]] = {
    "Opportunity": _opportunity,
    "Contract": _contract,
    "Order": _order,
    "Account": _account,
}
