"""What NetSuite says where no sample payload shows it: accounts, declared dates, periods, cut pages, deletes, signs."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from models.documents import Credit, Invoice, Journal, RevenueElement, RevenuePlan, Status
from models.references import Kind
from models.statements import Refused, Skipped, Statement, Unknown
from streams.netsuite_documents import month
from streams.sources.netsuite import translate
from tests import conformance as c


def sample(name: str) -> Any:
    return c.document(c.PAYLOADS / "netsuite" / f"{name}.json")


def only(document: Any) -> Statement:
    (one,) = c.translate("netsuite", c.dump(document))
    assert isinstance(one, Statement)
    return one


def with_record(name: str, **changed: Any) -> Statement:
    document = sample(name)
    document["record"].update(changed)
    return only(document)


def test_the_host_of_the_links_is_the_account() -> None:
    foreign = [{"rel": "self", "href": "https://9999999.suitetalk.api.netsuite.com/services/rest/record/v1/invoice/1"}]

    with pytest.raises(Refused, match="foreign_tenant"):
        with_record("invoice", links=foreign)


def test_a_script_of_another_account_is_refused() -> None:
    with pytest.raises(Refused, match="foreign_tenant"):
        only(sample("thin-restlet") | {"account": "9999999"})


def test_control_characters_are_stripped() -> None:
    raw = (c.PAYLOADS / "netsuite" / "invoice.json").read_bytes().replace(b"INV9901", b"INV\x059901")
    (one,) = c.translate("netsuite", raw)

    assert isinstance(one, Statement) and [ref.id for ref in one.names] == ["INV9901"]


def test_a_declared_format_makes_a_date_plain() -> None:
    tenant = dataclasses.replace(c.tenant_of("netsuite"), date_format="%d/%m/%Y")
    payload = (c.PAYLOADS / "netsuite" / "malformed-ambiguous-date.json").read_bytes()
    (one,) = translate(payload, tenant)

    assert isinstance(one, Statement) and isinstance(one.document, Invoice)
    assert one.document.dated and one.document.dated.isoformat() == "2025-08-04"
    with pytest.raises(Refused, match="bad_date"):
        list(translate(payload.replace(b"4/8/2025", b"4/31/2025"), tenant))


def test_a_page_with_one_bad_row_is_refused_whole() -> None:
    document = sample("suiteql-transactions")
    del document["record"]["items"][1]["id"]

    with pytest.raises(Refused, match=r"missing:record\.items\.1\.id"):
        c.translate("netsuite", c.dump(document))


def test_an_empty_column_asserts_nothing() -> None:
    document = sample("suiteql-transactions")
    document["record"]["items"] = [document["record"]["items"][0] | {"foreigntotal": None, "status": "", "currency": ""}]

    assert only(document).fields == ("counterpart", "dated", "number")


@pytest.mark.parametrize(
    ("label", "found"),
    [
        ("Mar 2025", "2025-03"),
        ("December 2025", "2025-12"),
        ("2025-03", "2025-03"),
        ("2025-13", None),
        ("Q1 2025", None),
        ("FY 2025", None),
        ("M\u00e4r 2025", None),
        ("", None),
        (None, None),
    ],
)
def test_the_month_of_a_period(label: str | None, found: str | None) -> None:
    assert month(label) == found


def test_a_period_in_another_language_is_told() -> None:
    assert with_record("invoice", postingPeriod={"refName": "M\u00e4r 2025"}).unknown == (Unknown("period", "M\u00e4r 2025"),)
    assert with_record("invoice", postingPeriod={"refName": "Q1 2025"}).unknown == ()


@pytest.mark.parametrize("total", [595, -595])
def test_a_credit_is_negative_whatever_the_source_writes(total: int) -> None:
    sign = 1 if total > 0 else -1
    said = with_record("credit", total=total, taxTotal=95 * sign, subtotal=500 * sign).document

    assert isinstance(said, Credit) and (said.net, said.tax, said.gross) == (Decimal(-500), Decimal(-95), Decimal(-595))


def test_a_credit_settles_the_invoices_it_is_applied_to() -> None:
    applied = {"items": [{"apply": True, "doc": {"id": "69001"}, "amount": 595}, {"apply": False, "doc": {"id": "69002"}, "amount": 1}]}
    one = with_record("credit", apply=applied, createdFrom=None)

    assert isinstance(one.document, Credit) and [a.document.id for a in one.document.applications] == ["69001"]
    assert one.document.credits and one.document.credits.kind is Kind.ERP_INVOICE
    assert [ref.id for ref in one.claims] == ["69001", "A-S00009900", "006QG0CcukCAykVYCT"]


def test_the_first_parent_that_is_not_empty_joins() -> None:
    one = with_record("salesorder-created", externalId=None, custbody_crm_opportunity="")
    assert [ref.kind for ref in one.parents] == [Kind.QUOTE] and one.claims == ()

    one = with_record("invoice", externalId=None, createdFrom={"id": "59001"})
    assert [ref.kind for ref in one.parents] == [Kind.SUBSCRIPTION]
    assert [ref.kind for ref in one.claims] == [Kind.ERP_ORDER, Kind.OPPORTUNITY]


def test_a_cut_list_of_lines_is_not_complete() -> None:
    item = sample("invoice")["record"]["item"]
    said = with_record("invoice", item={"items": item["items"][:1], "totalResults": 2}).document

    assert isinstance(said, Invoice) and not said.complete_lines


def test_a_second_book_is_marked() -> None:
    said = with_record("revenue-element", accounting_book_id="2", rev_rec_rule_id="house-rule").document

    assert isinstance(said, RevenueElement) and not said.primary_book and said.convention is None


def test_a_source_of_an_unknown_type_is_told() -> None:
    one = with_record("revenue-element", source_type="Journal Line", custrecord_subscription_number=None)

    assert one.unknown == (Unknown("source_type", "Journal Line"),) and one.parents == ()


def test_a_plan_of_an_unknown_type_is_never_added() -> None:
    one = with_record("revenue-plan", revenue_plan_type="Shadow")

    assert isinstance(one.document, RevenuePlan) and one.document.forecast and one.unknown == (Unknown("plan_type", "Shadow"),)


def test_ledger_lines_of_a_cut_page_are_read_again() -> None:
    one = with_record("gl-lines", hasMore=True)

    assert one.dirty and isinstance(one.document, Journal)
    assert sum(posting.amount for posting in one.document.postings) == Decimal(0)


def test_ledger_lines_that_do_not_post_are_none() -> None:
    items = [row | {"posting": "F"} for row in sample("gl-lines")["record"]["items"]]
    said = with_record("gl-lines", items=items).document

    assert isinstance(said, Journal) and said.postings == ()


def test_the_same_letter_means_another_status_on_another_type() -> None:
    sold, billed = with_record("salesorder-created", status={"id": "B"}), with_record("invoice", status={"id": "B"})

    assert getattr(sold.document, "status", None) is Status.ORDERED
    assert getattr(billed.document, "status", None) is Status.PAID


def test_a_record_that_is_gone_is_a_tombstone() -> None:
    document = sample("invoice")
    document["read"]["op"], document["record"] = "delete", None
    one = only(document)

    assert (one.life, one.document, one.ref.kind) == ("deleted", None, Kind.ERP_INVOICE)


@pytest.mark.parametrize("name", ["journalEntry", "vendorBillList", "customer"])
def test_other_objects_are_counted(name: str) -> None:
    document = sample("thin-list")
    document["read"]["object"] = name

    assert c.translate("netsuite", c.dump(document)) == [Skipped("unknown_object")]
