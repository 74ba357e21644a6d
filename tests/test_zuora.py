"""What Zuora says where no sample payload shows it: callouts by id and prefix, deletes, evergreens, discounts, late states."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from models.calendar import Span
from models.documents import Charge, Order, Payment, Status, Subscription
from models.references import Kind
from models.statements import Refused, Skipped, Statement
from tests import conformance as c

READ = {"system": "zuora", "tenant": "eu-prod-41170", "op": "upsert", "read_at": "2025-04-01T08:01:00Z"}


def sample(name: str) -> Any:
    return c.document(c.PAYLOADS / "zuora" / f"{name}.json")


def only(document: Any) -> Statement:
    (one,) = c.translate("zuora", c.dump(document))
    assert isinstance(one, Statement)
    return one


def with_record(name: str, **changed: Any) -> Statement:
    document = sample(name)
    document["record"].update(changed)
    return only(document)


@pytest.mark.parametrize(
    ("event", "native", "kind"),
    [
        ("OrderCompleted", "O-00009900", Kind.BILLING_ORDER),
        ("SubscriptionRenewed", "O-00009900", Kind.BILLING_ORDER),  # the prefix of a number says more than the event
        ("SubscriptionCreated", "2ad5b638e46473d227d130ea88a0db05", Kind.SUBSCRIPTION),
        ("InvoicePosted", "bb782efb655d4480fab7f320a12f0b65", Kind.INVOICE),
        ("Credit Memo Posted", "3755ab319b1b78d3d9f3aab425cbc810", Kind.CREDIT),
        ("CreditMemoPosted", "CM00009900", Kind.CREDIT),
        ("PaymentProcessed", "P-00009900", Kind.PAYMENT),
        ("RefundProcessed", "R-00009900", Kind.REFUND),
    ],
)
def test_a_callout_names_its_object(event: str, native: str, kind: Kind) -> None:
    one = only({"eventType": event, "eventTime": "2025-04-01T08:00:00Z", "objectId": native})

    assert (one.ref.kind, one.ref.id, one.thin) == (kind, native, True)


@pytest.mark.parametrize("event", ["PaymentMethodUpdated", "AccountEdited"])
def test_other_callouts_are_counted(event: str) -> None:
    told = {"eventType": event, "eventTime": "2025-04-01T08:00:00Z", "objectId": "3755ab319b1b78d3d9f3aab425cbc810"}

    assert c.translate("zuora", c.dump(told)) == [Skipped("unknown_event_type")]


@pytest.mark.parametrize("spelled", [{"tenantId": "99999"}, {"objectId": ""}])
def test_a_callout_of_nobody_is_refused(spelled: dict[str, str]) -> None:
    with pytest.raises(Refused):
        only({"eventType": "PaymentProcessed", "eventTime": "2025-04-01T08:00:00Z", "objectId": "P-1"} | spelled)


def test_a_delete_comes_after_every_version() -> None:
    gone = only({"read": READ | {"object": "subscription", "key": "A-S00009900", "op": "delete"}, "record": None})

    assert gone.life == "deleted" and gone.document is None
    assert gone.version > only(sample("subscription-amended")).version


def test_rows_of_replaced_versions_are_left_out() -> None:
    document = sample("subscription-created")
    document["record"]["subscriptionNumber"] = "2ad5b638e46473d227d130ea88a0db05_A-S00009900"

    assert c.translate("zuora", c.dump(document)) == [Skipped("superseded_row")]


def test_an_evergreen_has_no_end() -> None:
    said = with_record("subscription-created", termType="EVERGREEN").document

    assert isinstance(said, Subscription) and said.term.until is None


def test_without_rate_plans_nothing_may_be_summed() -> None:
    said = with_record("subscription-created", ratePlans=None).document

    assert isinstance(said, Subscription) and not said.complete_lines and said.lines == ()


def test_a_usage_charge_keeps_what_is_included() -> None:
    charge = {
        "number": "C-3",
        "name": "API overage",
        "type": "Usage",
        "model": "Overage",
        "billingPeriod": "Month",
        "billingTiming": "IN_ARREARS",
        "effectiveStartDate": "2025-03-01",
        "effectiveEndDate": None,
        "includedUnits": 100000,
        "overagePrice": Decimal("0.0125"),
    }
    said = with_record("subscription-created", ratePlans=[{"lastChangeType": "Add", "ratePlanCharges": [charge]}]).document

    assert isinstance(said, Subscription)
    (line,) = said.lines
    assert (line.product, line.charge, line.included, line.overage_price) == ("API-OVG", Charge.USAGE, Decimal(100000), Decimal("0.0125"))
    assert (line.price_months, line.billing_months, line.in_advance, line.quantity) == (None, 1, False, None)
    assert line.span.start is not None and line.span.until is None


def test_a_flat_fee_without_quantity_is_one() -> None:
    charge = {"number": "C-2", "name": "Onboarding", "type": "OneTime", "model": "FlatFee", "price": 2500}
    said = with_record("subscription-created", ratePlans=[{"ratePlanCharges": [charge]}]).document

    assert isinstance(said, Subscription) and said.lines[0].quantity == 1 and said.lines[0].span == Span()


@pytest.mark.parametrize("version", [Decimal("1.5"), -1, 2**60])
def test_a_version_is_a_count(version: object) -> None:
    with pytest.raises(Refused, match="bad_number"):
        with_record("subscription-created", version=version)


@pytest.mark.parametrize(
    ("status", "gateway", "canon"),
    [
        ("Draft", None, Status.PENDING),
        ("Processing", "Submitted", Status.PENDING),
        ("Processed", None, Status.CAPTURED),
        ("Posted", "NotSubmitted", Status.CAPTURED),
        ("Processed", "Settled", Status.SETTLED),
        ("Processed", "FailedToSettle", Status.FAILED),
        ("Error", "NotSubmitted", Status.FAILED),
        ("Voided", "Settled", Status.FAILED),
        ("Processed", "Levitating", Status.UNKNOWN),
        ("Dreaming", "Settled", Status.UNKNOWN),
    ],
)
def test_a_payment_is_as_far_as_its_gateway(status: str, gateway: str | None, canon: Status) -> None:
    one = with_record("payment-processed", status=status, gatewayState=gateway)

    assert isinstance(one.document, Payment) and one.document.status is canon
    assert bool(one.unknown) is (canon is Status.UNKNOWN)


def test_a_paid_invoice_is_a_posted_one_without_balance() -> None:
    assert getattr(with_record("invoice", balance=0).document, "status", None) is Status.PAID
    assert getattr(with_record("invoice-void", balance=0).document, "status", None) is Status.VOID


def test_an_invoice_over_two_subscriptions_has_two_parents() -> None:
    items = [{"id": "1", "subscriptionName": "A-S1"}, {"id": "2", "subscriptionName": "A-S2"}, {"id": "3", "subscriptionName": "A-S1"}]

    assert [ref.id for ref in with_record("invoice", invoiceItems=items).parents] == ["A-S1", "A-S2"]


def test_an_order_without_opportunity_joins_by_its_subscription() -> None:
    document = sample("order-created")
    document["record"]["order"]["subscriptions"][0]["customFields"] = {"OpportunityId__c": "006QG0CcukCAykV"}
    assert [ref.id for ref in only(document).parents] == ["006QG0CcukCAykVYCT"]  # 15 characters and 18 are one

    del document["record"]["order"]["subscriptions"][0]["customFields"]
    one = only(document)
    assert [ref.id for ref in one.parents] == ["A-S00009900"]
    assert isinstance(one.document, Order) and not one.document.complete_lines


def test_half_a_character_is_refused() -> None:
    with pytest.raises(Refused, match="not_utf8"):
        c.translate("zuora", b'{"eventType":"InvoicePosted","eventTime":"2025-04-01T08:00:00Z","objectId":"INV\\ud800"}')
