"""NetSuite's pages of rows: transactions by SuiteQL, of which each row tells a few fields, and ledger lines by transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from models.calendar import sane
from models.documents import Credit, Invoice, Order, Payment, Refund
from models.references import Kind, Ref
from models.statements import Refused, Skipped, Unknown
from streams.facts import instant_in, own_ref, refs
from streams.mapping import Tenant
from streams.native import Native, check
from streams.netsuite_documents import BILLED, currency, status
from streams.netsuite_revenue import journal_of
from streams.shapes import netsuite as shapes

TYPES = {
    "SalesOrd": Kind.ERP_ORDER,
    "CustInvc": Kind.ERP_INVOICE,
    "CustCred": Kind.ERP_CREDIT,
    "CustPymt": Kind.ERP_PAYMENT,
    "CustRfnd": Kind.ERP_REFUND,
}


@dataclass(frozen=True)
class Found:
    """What a page tells of one document: its reference, its own stamp, its rows, and the statement's other fields."""

    ref: Ref
    modified: datetime | None
    rows: tuple[Native, ...]
    facts: dict[str, Any] = field(default_factory=dict)


def _unsigned(amount: Decimal) -> Decimal:
    return abs(amount)


def _negative(amount: Decimal) -> Decimal:
    return -abs(amount)


def _as_is(amount: Decimal) -> Decimal:
    return amount


# per kind: the document, what its day and its total are called, and the sign that its type gives the total
DOCUMENTS: dict[Kind, tuple[Callable[..., Any], str, str, Callable[[Decimal], Decimal]]] = {
    Kind.ERP_ORDER: (Order, "ordered_on", "gross", _as_is),
    Kind.ERP_INVOICE: (Invoice, "dated", "gross", _as_is),
    Kind.ERP_CREDIT: (Credit, "dated", "gross", _negative),
    Kind.ERP_PAYMENT: (Payment, "paid_on", "amount", _unsigned),
    Kind.ERP_REFUND: (Refund, "refunded_on", "amount", _unsigned),
}


def transactions(record: Any, tenant: Tenant) -> Iterator[Found | Skipped]:
    """The rows of a SuiteQL page, each a partial document: a column that is empty asserts nothing."""
    for number, item in enumerate(check(shapes.Page, record, "record").items):
        at = f"record.items.{number}"
        row = check(shapes.Row, item, at)
        if row.type in TYPES:
            yield _row(row, TYPES[row.type], at, tenant)
        else:
            yield Skipped("unknown_row_type")


def _row(row: shapes.Row, kind: Kind, at: str, tenant: Tenant) -> Found:
    make, dated, total, sign = DOCUMENTS[kind]
    unknown: list[Unknown] = []
    billed = refs(tenant, BILLED[kind], [row.externalid])
    told: dict[str, Any] = {
        "status": status(kind, row.status, tenant, unknown) if row.status else None,
        "number": row.tranid,
        dated: sane(_day(row.trandate, tenant, f"{at}.trandate")),
        total: None if row.foreigntotal is None else sign(row.foreigntotal),
        "counterpart": billed[0] if billed and kind is not Kind.ERP_ORDER else None,
    }
    facts = {name: value for name, value in told.items() if value is not None}
    if row.currency:
        facts["currency"] = currency(row.currency, tenant, unknown)
    ref = own_ref(tenant, kind, row.id, f"{at}.id")
    said = {
        "document": make(**facts),
        "fields": tuple(sorted(facts)),
        "names": tuple(name for name in refs(tenant, kind, [row.tranid]) if name != ref),
        "parents": billed,
        "unknown": tuple(unknown),
    }
    return Found(ref, _instant(row.lastmodifieddate, tenant, f"{at}.lastmodifieddate"), (row,), said)


def _day(text: str | None, tenant: Tenant, at: str) -> date | None:
    if text is None:
        return None
    return check(shapes.DayText, {"value": text}, at).value if _iso(text) else _declared(text, tenant, at).date()


def _instant(text: str, tenant: Tenant, at: str) -> datetime:
    stamp = check(shapes.Stamp, {"value": text}, at).value if _iso(text) else _declared(text, tenant, at)
    return instant_in(stamp, tenant, at)


def _iso(text: str) -> bool:
    return text[:4].isdigit() and text[4:5] == "-"


def _declared(text: str, tenant: Tenant, at: str) -> datetime:
    """A date in the format that the organisation declared; without one, 4/8/2025 is two days and neither is taken."""
    try:
        if tenant.date_format:
            return datetime.strptime(text, tenant.date_format)
    except ValueError as error:
        raise Refused(f"bad_date:{at}", text[:40]) from error
    raise Refused(f"bad_date:{at}", text[:40])


def journals(record: Any, tenant: Tenant) -> Iterator[Found]:
    """The ledger lines of a page by transaction; where the page is cut, they must be read again.

    The lines name their transaction by id. Its type is known where the connector asked for it; it is an invoice otherwise.
    """
    page = check(shapes.Page, record, "record")
    by: dict[str, list[shapes.AccountingLine]] = {}
    for number, item in enumerate(page.items):
        line = check(shapes.AccountingLine, item, f"record.items.{number}")
        by.setdefault(line.transaction, []).append(line)
    for native, lines in by.items():
        types = {line.transactiontype for line in lines if line.transactiontype}
        kind = TYPES.get(min(types)) if types else Kind.ERP_INVOICE
        parents = refs(tenant, kind, [native]) if kind else ()
        stamps = [instant_in(line.lastmodifieddate, tenant, "record.items") for line in lines if line.lastmodifieddate]
        said = {"document": journal_of(lines, parents[0] if parents else None), "parents": parents, "dirty": bool(page.hasMore)}
        ref = own_ref(tenant, Kind.JOURNAL, native, "record.items.transaction")
        yield Found(ref, max(stamps, default=None), tuple(lines), said)
