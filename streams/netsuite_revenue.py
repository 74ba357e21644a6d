"""NetSuite's revenue recognition and ledger in canonical form: revenue elements, revenue plans, journals."""

from __future__ import annotations

from decimal import Decimal

from models.documents import Journal, Posting, RevenueElement, RevenuePlan, Row
from models.references import Kind, Ref
from models.statements import Refused, Unknown
from streams.facts import bare, days
from streams.mapping import Tenant
from streams.netsuite_documents import currency, month
from streams.shapes import netsuite as shapes

PRIMARY_BOOK = "1"
# source_id is the number of the billing document that the element was made from, typed by source_type
SOURCES = {"salesorderline": Kind.BILLING_ORDER, "invoiceline": Kind.INVOICE, "creditmemoline": Kind.CREDIT}


def source_of(native: shapes.RevenueElement, tenant: Tenant, unknown: list[Unknown]) -> Ref | None:
    """The document an element was made from; None where its type is not known."""
    kind = SOURCES.get(bare(native.source_type))
    if kind is None and native.source_id:
        unknown.append(Unknown("source_type", native.source_type or ""))
    return tenant.ref(kind, native.source_id) if kind else None


def element_of(
    native: shapes.RevenueElement, source: Ref | None, subscription: Ref | None, tenant: Tenant, unknown: list[Unknown]
) -> RevenueElement:
    """An obligation; a return element has negative amounts and names the element it returns."""
    product, mapped = tenant.product(native.item_name)
    return RevenueElement(
        product=product or None,
        mapped=mapped,
        currency=currency(native.currency_id, tenant, unknown),
        price=native.discounted_sales_amount,
        allocated=native.allocation_amount,
        standalone_price=native.fair_value,
        span=days(native.start_date, native.end_date),
        rule=native.rev_rec_rule_id,
        convention=tenant.conventions.get(native.rev_rec_rule_id or ""),
        source=source,
        subscription=subscription,
        arrangement=native.revenue_arrangement_id,
        returns=tenant.ref(Kind.REVENUE_ELEMENT, native.return_revenue_element_id),
        held=bool(native.is_hold_rev_rec),
        merging=native.last_merge_from_arrangement_id is not None,
        primary_book=native.accounting_book_id in (None, PRIMARY_BOOK),
        entity=tenant.entity(native.subsidiary_id),
    )


def plan_of(native: shapes.RevenuePlan, element: Ref | None, tenant: Tenant, unknown: list[Unknown]) -> RevenuePlan:
    """A plan with its periods; one that is not plainly actual is never added to the actual one."""
    kind = bare(native.revenue_plan_type)
    if kind not in ("actual", "forecast"):
        unknown.append(Unknown("plan_type", native.revenue_plan_type or ""))
    return RevenuePlan(
        element=element,
        number=native.plan_number,
        currency=currency(native.currency_id, tenant, unknown),
        amount=native.amount,
        rows=tuple(_row(line) for line in native.lines or []),
        forecast=kind != "actual",
        held=bool(native.is_hold_rev_rec),
        primary_book=native.accounting_book_id in (None, PRIMARY_BOOK),
    )


def _row(line: shapes.PlanLine) -> Row:
    period = month(line.accounting_period)
    if period is None:
        raise Refused("bad_date:record.lines.accounting_period", line.accounting_period[:40])
    recognised = line.journal_id is not None if line.is_recognized is None else line.is_recognized
    return Row(period, line.amount, recognised, line.journal_id)


def journal_of(lines: list[shapes.AccountingLine], document: Ref | None) -> Journal:
    """The postings of one transaction: primary book, posting lines only. A second book holds the same again in its own standard."""
    posted = [line for line in lines if line.accountingbook == PRIMARY_BOOK and line.posting]
    return Journal(document=document, postings=tuple(Posting(line.account, _amount(line)) for line in posted))


def _amount(line: shapes.AccountingLine) -> Decimal:
    if line.amount is not None:
        return line.amount
    if line.debit is None and line.credit is None:
        raise Refused("missing:record.items.amount")
    return (line.debit or Decimal(0)) - (line.credit or Decimal(0))
