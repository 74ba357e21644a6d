"""What Zuora's words mean: objects, statuses, order actions, charge types and billing periods, without case and separators."""

from __future__ import annotations

from models.documents import Change, Charge, Status
from models.references import Kind

KINDS = {
    "order": Kind.BILLING_ORDER,
    "subscription": Kind.SUBSCRIPTION,
    "invoice": Kind.INVOICE,
    "creditmemo": Kind.CREDIT,
    "payment": Kind.PAYMENT,
    "refund": Kind.REFUND,
}
PREFIXES = {"O-": Kind.BILLING_ORDER, "CM": Kind.CREDIT, "A-S": Kind.SUBSCRIPTION, "INV": Kind.INVOICE}

STATUSES = {
    "order": {
        **dict.fromkeys(("draft", "pending", "scheduled", "executing"), Status.PROPOSED),
        "completed": Status.DONE,
        "cancelled": Status.VOID,
        "failed": Status.FAILED,
        "reverted": Status.VOID,
    },
    # statuses come with and without spaces ("Pending Activation", "PendingActivation")
    "subscription": {
        "draft": Status.PROPOSED,
        "pendingactivation": Status.SIGNED,
        "pendingacceptance": Status.SIGNED,
        "active": Status.ACTIVE,
        "suspended": Status.SUSPENDED,
        "cancelled": Status.CANCELLED,
        "outofterm": Status.ENDED,
        "expired": Status.ENDED,
    },
    "invoice": {
        **dict.fromkeys(("draft", "error", "generating", "pendingfortax"), Status.DRAFT),
        "posted": Status.POSTED,
        "canceled": Status.VOID,
        "reversed": Status.VOID,
    },
    "creditmemo": {
        **dict.fromkeys(("draft", "pendingfortax", "generating", "cancelinprogress", "error"), Status.DRAFT),
        "posted": Status.POSTED,
        "canceled": Status.VOID,
    },
    "payment": {
        "processing": Status.PENDING,
        "draft": Status.PENDING,
        "processed": Status.CAPTURED,
        "posted": Status.CAPTURED,
        **dict.fromkeys(("error", "canceled", "voided"), Status.FAILED),
    },
}
# Processed is not settled: only the gateway's state says whether the money moved.
GATEWAY_STATES = {
    **dict.fromkeys(("", "notsubmitted", "markedforsubmission", "submitted"), Status.CAPTURED),
    "settled": Status.SETTLED,
    "failedtosettle": Status.FAILED,
}
CHANGES = {"CreateSubscription": Change.NEW, "RenewSubscription": Change.RENEWAL}
ACTIONS = {
    *CHANGES,
    "TermsAndConditions",
    "CancelSubscription",
    "AddProduct",
    "UpdateProduct",
    "RemoveProduct",
    "ChangePlan",
    "OwnerTransfer",
    "Suspend",
    "Resume",
    "AmendSubscription",
}
CHARGES = {"recurring": Charge.RECURRING, "onetime": Charge.ONE_TIME, "usage": Charge.USAGE}
# None: a period that is no number of months
MONTHS = {
    "month": 1,
    "quarter": 3,
    "semiannual": 6,
    "annual": 12,
    "eighteenmonths": 18,
    "twoyears": 24,
    "threeyears": 36,
    "fiveyears": 60,
    **dict.fromkeys(("week", "specificweeks", "specificdays", "subscriptionterm", "onetime"), None),
}
