"""NetSuite's documents in canonical form: orders, invoices, credit memos, payments, refunds. No ids of statements here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from models.calendar import sane
from models.documents import Application, Credit, Invoice, Line, Order, Payment, Refund, Status
from models.references import Kind
from models.statements import Unknown
from streams.facts import day_at, days, less, status_of, text_at
from streams.mapping import Tenant
from streams.native import at_path
from streams.shapes import netsuite as shapes

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Years, quarters and adjustment periods hold no month of their own.
NO_MONTH = re.compile(r"(FY|Q[1-4]|H[1-2]|Adjust)", re.IGNORECASE)

# externalId is set by the integrator: it names the billing system's document, not this one
BILLED = {
    Kind.ERP_ORDER: Kind.BILLING_ORDER,
    Kind.ERP_INVOICE: Kind.INVOICE,
    Kind.ERP_CREDIT: Kind.CREDIT,
    Kind.ERP_PAYMENT: Kind.PAYMENT,
    Kind.ERP_REFUND: Kind.REFUND,
}

# REST writes a word where SuiteQL writes a letter, and a letter means something else on each record type.
_MONEY = {
    "notdeposited": Status.CAPTURED,
    "open": Status.CAPTURED,
    "deposited": Status.SETTLED,
    "fullyapplied": Status.SETTLED,
}
STATUSES: Mapping[Kind, Mapping[str, Status]] = {
    Kind.ERP_ORDER: {
        "a": Status.PROPOSED,
        **dict.fromkeys("bdef", Status.ORDERED),
        "g": Status.DONE,
        "h": Status.ENDED,
        "c": Status.VOID,
    },
    Kind.ERP_INVOICE: {
        "a": Status.POSTED,
        "open": Status.POSTED,
        "b": Status.PAID,
        "paidinfull": Status.PAID,
        "v": Status.VOID,
        "voided": Status.VOID,
    },
    Kind.ERP_CREDIT: dict.fromkeys(("a", "b", "open", "fullyapplied"), Status.POSTED),
    Kind.ERP_PAYMENT: _MONEY,
    Kind.ERP_REFUND: _MONEY,
}
NAMES = {
    Kind.ERP_ORDER: "salesOrder",
    Kind.ERP_INVOICE: "invoice",
    Kind.ERP_CREDIT: "creditMemo",
    Kind.ERP_PAYMENT: "customerPayment",
    Kind.ERP_REFUND: "customerRefund",
}


def status(kind: Kind, native: str | None, tenant: Tenant, unknown: list[Unknown]) -> Status:
    """The canonical status of a code; the same code of another record type means something else."""
    return status_of(tenant, NAMES[kind], native, STATUSES[kind], unknown)


def currency(native: str | None, tenant: Tenant, unknown: list[Unknown]) -> str | None:
    """The ISO code of a currency id; its name is typed by an administrator and says nothing."""
    code = tenant.currencies.get(native or "")
    if code is None:
        unknown.append(Unknown("currency", native or ""))
    return code


def month(label: str | None) -> str | None:
    """The month (YYYY-MM) of a posting period's name such as `Mar 2025` or `2025-03`; None for any other."""
    text = (label or "").strip()
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text, re.ASCII):
        return text
    named = re.fullmatch(r"([A-Za-z]{3})[a-z]* (\d{4})", text, re.ASCII)
    if named is None or named[1].lower() not in MONTHS:
        return None
    return f"{named[2]}-{MONTHS.index(named[1].lower()) + 1:02d}"


def _period(native: shapes.Reference | None, unknown: list[Unknown]) -> str | None:
    """The month a document is posted in; a label in another language is told, because no rule can place it."""
    label = native.refName if native else None
    found = month(label)
    if label and found is None and not NO_MONTH.match(label):
        unknown.append(Unknown("period", label))
    return found


def _id(native: shapes.Reference | None) -> str | None:
    return native.id if native else None


def _lines(native: shapes.Transaction, record: Any, sign: int, tenant: Tenant) -> tuple[Line, ...]:
    rows = at_path(record, "item.items") or []
    items = native.item.items or [] if native.item else []
    subscription = text_at(record, tenant.field_name("transaction", "subscription", "custbody_subscription_number"))
    return tuple(_line(item, row, sign, subscription, tenant) for item, row in zip(items, rows, strict=True))


def _line(item: shapes.Item, row: Any, sign: int, subscription: str | None, tenant: Tenant) -> Line:
    """One line. Its product is the item's label, the one reference whose label the mapping knows; the period is custom fields."""
    product, mapped = tenant.product(item.item.refName if item.item else None)
    return Line(
        id=item.line,
        product=product,
        mapped=mapped,
        quantity=item.quantity,
        unit_price=item.rate,
        net=_signed(item.amount, sign),
        tax=_signed(item.tax1Amt, sign),
        span=days(
            day_at(row, tenant.field_name("transaction", "line_start", "custcol_rev_start")),
            day_at(row, tenant.field_name("transaction", "line_end", "custcol_rev_end")),
        ),
        subscription=subscription,
    )


def _signed(amount: Decimal | None, sign: int) -> Decimal | None:
    return -amount if amount and sign < 0 else amount


def _complete(native: shapes.Transaction) -> bool:
    """Whether all lines are there: `totalResults` counts them even where a page was cut."""
    items = native.item.items if native.item else None
    total = native.item.totalResults if native.item else None
    return items is not None and (total is None or total == len(items))


def _net(native: shapes.Transaction) -> Decimal | None:
    """The total before tax and after the discount of the header."""
    if native.total is not None and native.taxTotal is not None:
        return native.total - native.taxTotal
    return native.subtotal if native.discountTotal is None else less(native.subtotal, native.discountTotal)


def _applications(native: shapes.Transaction, kind: Kind, tenant: Tenant) -> tuple[Application, ...]:
    rows = native.apply.items or [] if native.apply else []
    settled = [(tenant.ref(kind, _id(row.doc)), row.amount) for row in rows if row.apply is not False]
    return tuple(Application(ref, amount) for ref, amount in settled if ref and amount is not None)


def order_of(native: shapes.Transaction, record: Any, tenant: Tenant, unknown: list[Unknown]) -> Order:
    """A sales order; the end of its period is the last day."""
    return Order(
        status=status(Kind.ERP_ORDER, _id(native.status), tenant, unknown),
        number=native.tranId,
        span=days(native.startDate, native.endDate),
        ordered_on=sane(native.tranDate),
        currency=currency(_id(native.currency), tenant, unknown),
        net=_net(native),
        tax=native.taxTotal,
        gross=native.total,
        lines=_lines(native, record, 1, tenant),
        complete_lines=_complete(native),
        quote=tenant.ref(Kind.QUOTE, text_at(record, tenant.field_name("transaction", "quote", "otherRefNum"))),
        customer=tenant.ref(Kind.CUSTOMER, _id(native.entity)),
        entity=tenant.entity(_id(native.subsidiary)),
    )


def invoice_of(native: shapes.Transaction, record: Any, tenant: Tenant, unknown: list[Unknown]) -> Invoice:
    """An invoice; a voided one keeps its amounts."""
    return Invoice(
        status=status(Kind.ERP_INVOICE, _id(native.status), tenant, unknown),
        number=native.tranId,
        dated=sane(native.tranDate),
        due=sane(native.dueDate),
        currency=currency(_id(native.currency), tenant, unknown),
        net=_net(native),
        tax=native.taxTotal,
        gross=native.total,
        balance=native.amountRemaining,
        lines=_lines(native, record, 1, tenant),
        complete_lines=_complete(native),
        counterpart=tenant.ref(Kind.INVOICE, native.externalId),
        made_from=tenant.ref(Kind.ERP_ORDER, _id(native.createdFrom)),
        customer=tenant.ref(Kind.CUSTOMER, _id(native.entity)),
        entity=tenant.entity(_id(native.subsidiary)),
        period=_period(native.postingPeriod, unknown),
        exchange_rate=native.exchangeRate,
    )


def credit_of(native: shapes.Transaction, record: Any, tenant: Tenant, unknown: list[Unknown]) -> Credit:
    """A credit memo; REST and SOAP write its total positive, so a positive one is turned and a negative one is left."""
    sign = 1 if native.total is not None and native.total < 0 else -1
    applications = _applications(native, Kind.ERP_INVOICE, tenant)
    made_from = tenant.ref(Kind.ERP_INVOICE, _id(native.createdFrom))
    return Credit(
        status=status(Kind.ERP_CREDIT, _id(native.status), tenant, unknown),
        number=native.tranId,
        dated=sane(native.tranDate),
        currency=currency(_id(native.currency), tenant, unknown),
        net=_signed(_net(native), sign),
        tax=_signed(native.taxTotal, sign),
        gross=_signed(native.total, sign),
        applied=None if native.applied is None else abs(native.applied),
        unapplied=None if native.unapplied is None else abs(native.unapplied),
        lines=_lines(native, record, sign, tenant),
        complete_lines=_complete(native),
        credits=made_from or (applications[0].document if applications else None),
        applications=applications,
        counterpart=tenant.ref(Kind.CREDIT, native.externalId),
        customer=tenant.ref(Kind.CUSTOMER, _id(native.entity)),
        entity=tenant.entity(_id(native.subsidiary)),
        period=_period(native.postingPeriod, unknown),
    )


def payment_of(native: shapes.Transaction, record: Any, tenant: Tenant, unknown: list[Unknown]) -> Payment:
    """A customer payment and the invoices it settles."""
    return Payment(
        status=status(Kind.ERP_PAYMENT, _id(native.status), tenant, unknown),
        number=native.tranId,
        paid_on=sane(native.tranDate),
        currency=currency(_id(native.currency), tenant, unknown),
        amount=native.total if native.payment is None else native.payment,
        applied=native.applied,
        unapplied=native.unapplied,
        applications=_applications(native, Kind.ERP_INVOICE, tenant),
        counterpart=tenant.ref(Kind.PAYMENT, native.externalId),
        customer=tenant.ref(Kind.CUSTOMER, _id(native.entity)),
        entity=tenant.entity(_id(native.subsidiary)),
    )


def refund_of(native: shapes.Transaction, record: Any, tenant: Tenant, unknown: list[Unknown]) -> Refund:
    """A customer refund and the credit memos it pays out."""
    applications = _applications(native, Kind.ERP_CREDIT, tenant)
    return Refund(
        status=status(Kind.ERP_REFUND, _id(native.status), tenant, unknown),
        number=native.tranId,
        refunded_on=sane(native.tranDate),
        currency=currency(_id(native.currency), tenant, unknown),
        amount=native.total,
        credit=applications[0].document if applications else None,
        applications=applications,
        counterpart=tenant.ref(Kind.REFUND, native.externalId),
        customer=tenant.ref(Kind.CUSTOMER, _id(native.entity)),
        entity=tenant.entity(_id(native.subsidiary)),
    )
