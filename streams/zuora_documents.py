"""Zuora's documents in canonical form: order, subscription, invoice, credit memo, payment, refund. No ids of statements here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from models.calendar import Span, sane
from models.documents import Application, Change, Charge, Credit, Invoice, Line, Order, Payment, Refund, Status, Subscription
from models.references import Kind, Ref
from models.statements import Unknown
from streams.facts import bare, currency_of, day_of, days, instant_in, less, negated, status_of, whole
from streams.mapping import Tenant
from streams.shapes import zuora as shapes
from streams.shapes import zuora_words as words


def order_of(native: shapes.Order, quote: str | None, tenant: Tenant, unknown: list[Unknown]) -> Order:
    """An order; what it costs stands in the subscription, so its lines are not complete."""
    actions = tuple(action.type for one in native.subscriptions or [] for action in one.orderActions or [])
    unknown.extend(Unknown("action", action) for action in actions if action not in words.ACTIONS)
    known = {words.CHANGES.get(action, Change.AMENDMENT) for action in actions if action in words.ACTIONS}
    return Order(
        status=status_of(tenant, "order", native.status, words.STATUSES["order"], unknown),
        number=native.orderNumber,
        change=next((change for change in (Change.NEW, Change.RENEWAL, Change.AMENDMENT) if change in known), Change.UNKNOWN),
        ordered_on=sane(native.orderDate),
        currency=currency_of(native.currency, unknown),
        complete_lines=False,
        actions=actions,
        quote=tenant.ref(Kind.QUOTE, quote),
        customer=tenant.ref(Kind.CUSTOMER, native.existingAccountNumber),
        entity=tenant.entity(None),
    )


def subscription_of(
    native: shapes.Subscription, contract: str | None, quote: str | None, tenant: Tenant, unknown: list[Unknown]
) -> Subscription:
    """One version of a subscription, removed rate plans left out.

    The status says Cancelled from the day of the order while service goes on until `cancelled_on`: there is no clock
    here, so both are told.
    """
    status = status_of(tenant, "subscription", native.status, words.STATUSES["subscription"], unknown)
    plans = [plan for plan in native.ratePlans or [] if plan.lastChangeType != "Remove"]
    ends = sane(native.termEndDate)
    return Subscription(
        status=status,
        number=native.subscriptionNumber,
        version=whole(native.version, "record.version"),
        start=sane(native.subscriptionStartDate),
        term=Span(sane(native.termStartDate), None if bare(native.termType) == "evergreen" else ends),
        auto_renew=native.autoRenew,
        renewal_months=_renewal_months(native),
        cancelled_on=(sane(native.scheduledCancelDate) or ends) if status is Status.CANCELLED else None,
        currency=currency_of(native.currency, unknown),
        lines=tuple(_segment(charge, tenant, unknown) for plan in plans for charge in plan.ratePlanCharges or []),
        complete_lines=native.ratePlans is not None and all(plan.ratePlanCharges is not None for plan in plans),
        contract_number=contract,
        quote_number=quote,
        customer=tenant.ref(Kind.CUSTOMER, native.accountNumber),
        entity=tenant.entity(None),
        created_on=day_of(native.createdDate, tenant, "record.createdDate"),
    )


def _renewal_months(native: shapes.Subscription) -> int | None:
    months = {"month": 1, "year": 12}.get(bare(native.renewalTermPeriodType))
    return months * whole(native.renewalTerm, "record.renewalTerm") if months and native.renewalTerm is not None else None


def _segment(charge: shapes.RatePlanCharge, tenant: Tenant, unknown: list[Unknown]) -> Line:
    """One segment of a charge; a flat fee has no quantity of its own, so it counts as one."""
    product, mapped = tenant.product(charge.name)
    kind, months = _kind(charge.type, unknown), _months(charge, unknown)
    flat = bare(charge.model).startswith("flatfee") and kind is not Charge.USAGE
    return Line(
        id=charge.number,
        product=product,
        mapped=mapped,
        charge=kind,
        quantity=Decimal(1) if flat and charge.quantity is None else charge.quantity,
        unit_price=charge.price,
        price_months=months if kind is Charge.RECURRING else None,
        net=charge.tcv,
        span=Span(sane(charge.effectiveStartDate), sane(charge.effectiveEndDate)),
        billing_months=months,
        in_advance=bare(charge.billingTiming) != "inarrears",
        included=charge.includedUnits,
        overage_price=charge.overagePrice,
    )


def _months(charge: shapes.RatePlanCharge, unknown: list[Unknown]) -> int | None:
    period = bare(charge.billingPeriod)
    if period == "specificmonths" and charge.specificBillingPeriod is not None:
        return whole(charge.specificBillingPeriod, "record.ratePlans.specificBillingPeriod")
    if period and period not in words.MONTHS:
        unknown.append(Unknown("billing_period", charge.billingPeriod or ""))
    return words.MONTHS.get(period)


def _kind(native: str | None, unknown: list[Unknown]) -> Charge:
    kind = words.CHARGES.get(bare(native))
    if kind is None:
        unknown.append(Unknown("charge", native or ""))
    return kind or Charge.RECURRING


def invoice_of(native: shapes.Invoice, counterpart: Ref | None, tenant: Tenant, unknown: list[Unknown]) -> Invoice:
    """An invoice; Zuora has no status for a paid one, only a balance of zero."""
    status = status_of(tenant, "invoice", native.status, words.STATUSES["invoice"], unknown)
    untaxed = less(native.amount, native.taxAmount)
    return Invoice(
        status=Status.PAID if status is Status.POSTED and native.balance == 0 else status,
        number=native.invoiceNumber,
        dated=sane(native.invoiceDate),
        due=sane(native.dueDate),
        posted_on=sane(native.postedDate),
        currency=currency_of(native.currency, unknown),
        net=untaxed if native.amountWithoutTax is None else native.amountWithoutTax,
        tax=native.taxAmount,
        gross=native.amount,
        balance=native.balance,
        lines=tuple(_items(native.invoiceItems or [], tenant, unknown)),
        complete_lines=native.invoiceItems is not None,
        counterpart=counterpart,
        customer=tenant.ref(Kind.CUSTOMER, native.accountNumber),
        entity=tenant.entity(None),
    )


def _items(items: list[shapes.InvoiceItem], tenant: Tenant, unknown: list[Unknown]) -> Iterator[Line]:
    """The lines of an invoice; tax items are left out, because each line carries its tax."""
    by_id = {item.id: item for item in items}
    for item in items:
        if bare(item.processingType) != "tax":
            yield _item(item, by_id, tenant, unknown)


def _item(item: shapes.InvoiceItem, by_id: Mapping[str, shapes.InvoiceItem], tenant: Tenant, unknown: list[Unknown]) -> Line:
    """One item. A discount is of the product it is applied to; its unit price may be a percentage and is no price."""
    discount = bare(item.processingType) == "discount"
    charged = by_id.get(item.appliedToItemId or "", item) if discount else item
    product, mapped = tenant.product(charged.chargeName)
    return Line(
        id=item.id,
        product=product,
        mapped=mapped,
        charge=_kind(charged.chargeType, unknown),
        quantity=None if discount else item.quantity,
        unit_price=None if discount else item.unitPrice,
        net=item.chargeAmount,
        tax=item.taxAmount,
        span=days(item.serviceStartDate, item.serviceEndDate),
        subscription=item.subscriptionName,
    )


def credit_of(native: shapes.CreditMemo, tenant: Tenant, unknown: list[Unknown]) -> Credit:
    """A credit memo, its amounts turned negative; a posted one can go back to draft, a reversed one is void."""
    status = status_of(tenant, "creditmemo", native.status, words.STATUSES["creditmemo"], unknown)
    return Credit(
        status=Status.VOID if native.reversed else status,
        number=native.number,
        dated=sane(native.creditMemoDate),
        currency=currency_of(native.currency, unknown),
        net=negated(less(native.amount, native.taxAmount)),
        tax=negated(native.taxAmount),
        gross=negated(native.amount),
        applied=native.appliedAmount,
        unapplied=native.unappliedAmount,
        refunded=native.refundAmount,
        lines=tuple(_credit_item(item, tenant) for item in native.items or []),
        complete_lines=native.items is not None,
        credits=tenant.ref(Kind.INVOICE, native.referredInvoiceNumber or native.referredInvoiceId),
        reason=native.reasonCode,
        customer=tenant.ref(Kind.CUSTOMER, native.accountNumber),
        entity=tenant.entity(None),
    )


def _credit_item(item: shapes.CreditItem, tenant: Tenant) -> Line:
    """One item; it names its subscription only by the id of a version, which is no number."""
    product, mapped = tenant.product(item.skuName)
    taxes = [tax.taxAmount for tax in item.taxItems or [] if tax.taxAmount is not None]
    return Line(
        id=item.id,
        product=product,
        mapped=mapped,
        net=negated(item.amount),
        tax=negated(sum(taxes, Decimal(0))) if taxes else None,
        span=days(item.serviceStartDate, item.serviceEndDate),
    )


def payment_of(native: shapes.Payment, tenant: Tenant, unknown: list[Unknown]) -> Payment:
    """A payment with the invoices that its parts settle."""
    parts = [(tenant.ref(Kind.INVOICE, part.invoiceNumber or part.invoiceId), part.amount) for part in native.parts or []]
    return Payment(
        status=_money_status("payment", native.status, native.gatewayState, tenant, unknown),
        number=native.number,
        paid_on=sane(native.effectiveDate),
        settled_at=instant_in(native.settledOn, tenant, "record.settledOn") if native.settledOn else None,
        currency=currency_of(native.currency, unknown),
        amount=native.amount,
        applied=native.appliedAmount,
        unapplied=native.unappliedAmount,
        applications=tuple(Application(ref, amount) for ref, amount in parts if ref and amount is not None),
        gateway=tenant.ref(Kind.GATEWAY_PAYMENT, native.referenceId),
        customer=tenant.ref(Kind.CUSTOMER, native.accountNumber),
        entity=tenant.entity(None),
    )


def refund_of(native: shapes.Refund, tenant: Tenant, unknown: list[Unknown]) -> Refund:
    """A refund; it names the account by an internal id only, so it shows no customer."""
    return Refund(
        status=_money_status("refund", native.status, native.gatewayState, tenant, unknown),
        number=native.number,
        refunded_on=sane(native.refundDate),
        currency=currency_of(native.currency, unknown),
        amount=native.amount,
        credit=tenant.ref(Kind.CREDIT, native.creditMemoNumber or native.creditMemoId),
        payment=tenant.ref(Kind.PAYMENT, native.paymentId),
        gateway=tenant.ref(Kind.GATEWAY_REFUND, native.referenceId),
        entity=tenant.entity(None),
    )


def _money_status(object_: str, native: str | None, gateway: str | None, tenant: Tenant, unknown: list[Unknown]) -> Status:
    """Processed is not settled: of money that moves, only the gateway's state says how far it came, and it may fail late."""
    status = status_of(tenant, object_, native, words.STATUSES["payment"], unknown)
    state = words.GATEWAY_STATES.get(bare(gateway))
    if state is Status.FAILED and status is not Status.UNKNOWN:
        return Status.FAILED
    if status is not Status.CAPTURED:
        return status
    if state is None:
        unknown.append(Unknown("gateway_status", gateway or ""))
    return state or Status.UNKNOWN
