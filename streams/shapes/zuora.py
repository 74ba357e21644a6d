"""What Zuora sends: callouts of the recommended template, and v1 REST documents in a read envelope."""

from __future__ import annotations

from typing import Any

from streams.native import Amount, Day, Flag, Instant, Native, NeedAmount, NeedInstant, NeedText, Text


class Callout(Native):
    """A notification; every value is a string, empty for null. Only the template decides which fields there are."""

    eventType: NeedText
    eventTime: NeedInstant
    eventId: Text = None
    tenantId: Text = None
    objectId: Text = None
    subscriptionNumber: Text = None
    subscriptionVersion: Text = None
    invoiceNumber: Text = None


class Read(Native):
    """How the connector came to the document; `because` is the event id of the callout that made it read."""

    system: NeedText
    object: NeedText
    key: Text = None
    tenant: Text = None
    op: NeedText
    read_at: NeedInstant
    because: Text = None


class Envelope(Native):
    """A document with its read."""

    read: Read
    record: Any = None


class Action(Native):
    """One thing that an order does to a subscription."""

    type: NeedText


class OrderSubscription(Native):
    """The subscription an order changes."""

    subscriptionNumber: Text = None
    orderActions: list[Action] | None = None


class Order(Native):
    """The inner document of an order read."""

    orderNumber: NeedText
    status: Text = None
    orderDate: Day = None
    updatedDate: NeedInstant
    existingAccountNumber: Text = None
    currency: Text = None
    subscriptions: list[OrderSubscription] | None = None


class OrderRead(Native):
    """What an order read returns around the order."""

    order: Order


class RatePlanCharge(Native):
    """One segment of a charge; `effectiveEndDate` is the first day of the next one."""

    number: NeedText
    name: Text = None
    type: Text = None
    model: Text = None
    price: Amount = None
    quantity: Amount = None
    billingPeriod: Text = None
    specificBillingPeriod: Amount = None
    billingTiming: Text = None
    effectiveStartDate: Day = None
    effectiveEndDate: Day = None
    includedUnits: Amount = None
    overagePrice: Amount = None
    tcv: Amount = None


class RatePlan(Native):
    """A rate plan; one whose last change is Remove stays in the list."""

    lastChangeType: Text = None
    ratePlanCharges: list[RatePlanCharge] | None = None


class Subscription(Native):
    """One version of a subscription; `id` differs for each version, `originalId` is the first one's."""

    subscriptionNumber: NeedText
    id: Text = None
    originalId: Text = None
    version: NeedAmount
    status: Text = None
    termType: Text = None
    subscriptionStartDate: Day = None
    termStartDate: Day = None
    termEndDate: Day = None
    scheduledCancelDate: Day = None
    autoRenew: Flag = None
    renewalTerm: Amount = None
    renewalTermPeriodType: Text = None
    currency: Text = None
    accountNumber: Text = None
    createdDate: Instant = None
    updatedDate: NeedInstant
    ratePlans: list[RatePlan] | None = None


class InvoiceItem(Native):
    """One line; `serviceEndDate` is its last day. A discount points at the item it lowers and its unitPrice may be a percentage."""

    id: NeedText
    chargeName: Text = None
    chargeType: Text = None
    processingType: Text = None
    chargeAmount: Amount = None
    quantity: Amount = None
    unitPrice: Amount = None
    taxAmount: Amount = None
    serviceStartDate: Day = None
    serviceEndDate: Day = None
    subscriptionName: Text = None
    appliedToItemId: Text = None


class Invoice(Native):
    """An invoice with the items that the connector merged in; `amount` includes tax."""

    invoiceNumber: NeedText
    id: Text = None
    status: Text = None
    amount: Amount = None
    amountWithoutTax: Amount = None
    taxAmount: Amount = None
    balance: Amount = None
    invoiceDate: Day = None
    dueDate: Day = None
    postedDate: Day = None
    currency: Text = None
    accountNumber: Text = None
    updatedDate: NeedInstant
    invoiceItems: list[InvoiceItem] | None = None


class TaxItem(Native):
    """One tax on a credit item."""

    taxAmount: Amount = None


class CreditItem(Native):
    """One line of a credit memo, before tax; `subscriptionId` is the id of one version."""

    id: NeedText
    amount: Amount = None
    taxItems: list[TaxItem] | None = None
    skuName: Text = None
    serviceStartDate: Day = None
    serviceEndDate: Day = None
    subscriptionId: Text = None


class CreditMemo(Native):
    """A credit memo; its amounts are positive and include tax."""

    number: NeedText
    id: Text = None
    status: Text = None
    reversed: Flag = None
    amount: Amount = None
    taxAmount: Amount = None
    appliedAmount: Amount = None
    unappliedAmount: Amount = None
    refundAmount: Amount = None
    creditMemoDate: Day = None
    currency: Text = None
    accountNumber: Text = None
    referredInvoiceId: Text = None
    referredInvoiceNumber: Text = None
    reasonCode: Text = None
    updatedDate: NeedInstant
    items: list[CreditItem] | None = None


class PaymentPart(Native):
    """The part of a payment that settles one invoice."""

    invoiceId: Text = None
    invoiceNumber: Text = None
    amount: Amount = None


class Payment(Native):
    """A payment; `referenceId` is the gateway's own id, `gatewayOrderId` only text for the gateway."""

    number: NeedText
    id: Text = None
    status: Text = None
    gatewayState: Text = None
    amount: Amount = None
    appliedAmount: Amount = None
    unappliedAmount: Amount = None
    effectiveDate: Day = None
    settledOn: Instant = None
    currency: Text = None
    accountNumber: Text = None
    referenceId: Text = None
    updatedDate: NeedInstant
    parts: list[PaymentPart] | None = None


class Refund(Native):
    """A refund of a credit memo or of a payment."""

    number: NeedText
    id: Text = None
    status: Text = None
    gatewayState: Text = None
    amount: Amount = None
    refundDate: Day = None
    currency: Text = None
    paymentId: Text = None
    creditMemoId: Text = None
    creditMemoNumber: Text = None
    referenceId: Text = None
    updatedDate: NeedInstant
