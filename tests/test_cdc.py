"""What a change event asserts, form by form: nulls, names, gaps, echoes, and the ids of fifteen characters."""

from __future__ import annotations

import json
from typing import Any

import pytest

from models.documents import Agreement, Opportunity, Order
from models.references import Kind, Ref
from models.statements import Life, Notice, Refused, Skipped, Statement
from streams.cdc import id18
from streams.sources import Said
from tests.conformance import PAYLOADS, tenant_of, translate

DEAL, CONTRACT = "006QG0CcukCAykVYCT", "800QG0bg9RiJRdbYQG"
HEADER = {
    "entityName": "Opportunity",
    "recordIds": [DEAL],
    "changeType": "UPDATE",
    "changeOrigin": "com/salesforce/api/rest/63.0;client=SfdcInternalAPI/",
    "transactionKey": "t-1",
    "sequenceNumber": 1,
    "commitTimestamp": 1743494400000,
    "commitNumber": 1740012204460800001,
}


def event(body: dict[str, Any], **header: Any) -> dict[str, Any]:
    return {"ChangeEventHeader": {**HEADER, **header}, **body}


def say(payload: Any, system: str = "salesforce") -> list[Said]:
    return translate(system, json.dumps(payload).encode())


def one(payload: Any, system: str = "salesforce") -> Statement:
    (said,) = say(payload, system)
    assert isinstance(said, Statement)
    return said


def code(payload: Any, system: str = "salesforce") -> str:
    with pytest.raises(Refused) as caught:
        say(payload, system)
    return caught.value.code


@pytest.mark.parametrize(
    ("native", "long"),
    [
        ("006QG0CcukCAykV", DEAL),
        (DEAL, DEAL),
        ("00DQG0000009900", "00DQG00000099002AA"),
        ("000000000000000", "000000000000000AAA"),
        ("33250704170", "33250704170"),  # another CRM's id
        ("", ""),
        (None, None),
    ],
)
def test_ids_of_fifteen_characters_become_eighteen(native: str | None, long: str | None) -> None:
    assert id18(native) == long


@pytest.mark.parametrize(
    ("body", "header", "fields"),
    [
        # Pub/Sub: null means unchanged, unless nulledFields names it
        ({"Amount": None, "Name": "x"}, {"changedFields": ["Name"], "nulledFields": []}, ("name",)),
        ({"Amount": None, "Name": "x"}, {"changedFields": ["Name", "Amount"], "nulledFields": ["Amount"]}, ("amount", "name")),
        ({"Amount": None, "Name": "x"}, {"changedFields": [], "nulledFields": ["Amount"]}, ("amount", "name")),
        # elsewhere an explicit null clears, and what is absent is unchanged
        ({"Amount": None, "Name": "x"}, {}, ("amount", "name")),
        ({"Amount": None}, {"changedFields": ["Amount"]}, ("amount",)),
        # an enriched field is there without having changed
        ({"Amount": 1, "Name": "x"}, {"changedFields": ["Name"]}, ("name",)),
        # a bitmap cannot be read: values are the change set, nulls are not
        ({"Amount": 1, "Name": None}, {"changedFields": ["0x400040"]}, ("amount",)),
        ({"Amount": 1, "Name": None}, {"changedFields": ["4-0x01"], "nulledFields": []}, ("amount",)),
        # a long text that came as a difference
        ({"Amount": 1, "Name": "--- diff"}, {"changedFields": ["Amount", "Name"], "diffFields": ["Name"]}, ("amount",)),
    ],
)
def test_an_update_asserts_what_it_names(body: dict[str, Any], header: dict[str, Any], fields: tuple[str, ...]) -> None:
    said = one(event(body, **header))
    assert (said.fields, said.dirty) == (fields, False)
    if "amount" in fields and body["Amount"] is None:
        assert said.document == Opportunity(currency="EUR", name=body.get("Name"))


@pytest.mark.parametrize(
    ("body", "header"),
    [
        ({"Name": "x"}, {"changedFields": ["Name", "Amount"]}),  # listed, but absent
        ({"Name": "x", "Amount": None}, {"changedFields": ["Name", "Amount"], "nulledFields": []}),
        (
            {"AccountNumber": "1"},
            {"entityName": "Account", "recordIds": ["001QG07aGVy3COLYY2"], "changedFields": ["BillingAddress.Country"]},
        ),
        ({"EndDate": "2026-02-28"}, {"entityName": "Order", "recordIds": ["801QG0PxCgSDDrFYKX"], "changedFields": ["EndDate"]}),
        ({}, {"changeType": "GAP_CREATE"}),
        ({"Amount": 5}, {"changeType": "GAP_UNDELETE"}),
    ],
)
def test_what_an_event_does_not_tell_must_be_read_again(body: dict[str, Any], header: dict[str, Any]) -> None:
    said = one(event(body, **header))
    assert said.dirty and said.document is None and said.fields is None


def test_a_stage_alone_keeps_the_stored_status() -> None:
    assert say(event({"StageName": "Closed Won"}, changedFields=["StageName"])) == [Skipped("nothing_of_ours")]
    assert one(event({"StageName": "x", "Amount": 1}, changedFields=["StageName", "Amount"])).fields == ("amount",)


def test_a_formula_follows_its_stage_without_being_named() -> None:
    said = one(event({"StageName": "x", "IsClosed": True, "IsWon": True}, changedFields=["StageName"]))
    assert said.fields == ("status",) and isinstance(said.document, Opportunity) and said.document.status == "won"


@pytest.mark.parametrize("ids", [["001*"], ["000000000000000AAA"]])
def test_wildcards_ask_for_a_resync_of_the_entity(ids: list[str]) -> None:
    (said,) = say(event({}, recordIds=ids))
    assert isinstance(said, Notice) and (said.what, said.entity) == ("resync", "Opportunity")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"changeOrigin": "com/salesforce/api/rest/63.0;client=tieout/"}, "own_write"),
        ({"changeType": "SNAPSHOT"}, "unknown_change_type"),
        ({"entityName": "Lead"}, "unhandled_entity"),
    ],
)
def test_events_that_say_nothing_we_keep(header: dict[str, Any], reason: str) -> None:
    assert say(event({"Amount": 1}, **header)) == [Skipped(reason)]


def test_every_envelope_carries_the_same_event() -> None:
    bare = event({"Amount": 1}, changedFields=["Amount"])
    wrapped = [{"data": {"payload": bare, "event": {"replayId": 1}}, "channel": "/data/x"}, {"detail": {"payload": bare}}, {"detail": bare}]
    assert all(say(payload) == say(bare) for payload in wrapped)
    assert say({"data": {"payload": {}, "event": {"EventUuid": "u"}}}) == [Skipped("platform_event")]


def test_one_event_of_many_records_names_each_once() -> None:
    said = say(event({"Amount": 1}, recordIds=[DEAL, "006QG0q1WnyGyDn", DEAL[:15]]))
    assert [one.ref.id for one in said if isinstance(one, Statement)] == [DEAL, id18("006QG0q1WnyGyDn")]


@pytest.mark.parametrize(("change", "life"), [("DELETE", Life.DELETED), ("UNDELETE", Life.RESTORED)])
def test_deletes_and_their_undoing(change: str, life: Life) -> None:
    said = one(event({"Amount": 1, "IsClosed": False}, changeType=change))
    assert said.life is life and (said.document is None) == (change == "DELETE") and said.fields is None


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (event({}, changedFields=["0x400040"]), "undecoded_bitmap"),
        (event({"Amount": 1}, recordIds=["006"]), "bad_id:ChangeEventHeader.recordIds"),
        (event({"Amount": 1}, recordIds=[]), "too_short:ChangeEventHeader.recordIds"),
        (event({"Amount": 1}, commitTimestamp="2025-04-01T08:00:00"), "bad_date:ChangeEventHeader.commitTimestamp"),
        (event({"Amount": 1}, sequenceNumber="1"), "int_type:ChangeEventHeader.sequenceNumber"),
        (event({"ContractId": "x"}), "bad_id:ContractId"),
        (event({"ContractId": {}}), "bad_id:ContractId"),
    ],
)
def test_refusals(payload: dict[str, Any], reason: str) -> None:
    assert code(payload) == reason


# ---- reads and outbound messages ----------------------------------------------------------------


def read(record: Any, object_: str = "Opportunity", **more: Any) -> dict[str, Any]:
    envelope = {"tenant": "00DQG0000009900", "object": object_, "key": DEAL, "op": "upsert", "read_at": "2025-04-01T08:00:20Z", **more}
    return {"read": envelope, "record": record}


def test_a_read_without_a_stamp_is_of_the_time_it_was_read() -> None:
    assert one(read({"Id": DEAL, "IsClosed": False})).version == (1743494420000, 0)


def test_a_read_of_what_is_gone_is_a_tombstone() -> None:
    assert one(read(None, op="delete")).life is Life.DELETED
    assert one(read({"Id": DEAL, "IsDeleted": True})).document is None


def test_a_page_of_a_real_query() -> None:
    page = json.loads((PAYLOADS / "salesforce" / "third_party" / "opportunity-rest-query-2.json").read_bytes())
    said = say(read(page))
    assert [one.ref.id for one in said if isinstance(one, Statement)] == ["006ak00000OQ4RxAAL", "006ak00000OQ4RyAAL"]
    assert all(isinstance(one, Statement) and one.unknown for one in said), "the query did not select IsClosed"


def test_another_organisation_is_refused() -> None:
    assert code(read({"Id": DEAL}, tenant="00DQG00000041702AA")) == "foreign_tenant"


def test_a_missing_status_speaks_up() -> None:
    assert [unknown.field for unknown in one(read({"Id": DEAL})).unknown] == ["IsClosed"]
    assert [unknown.field for unknown in one(read({"Id": CONTRACT}, "Contract")).unknown] == ["StatusCode"]


def test_the_first_parent_joins_and_the_others_are_claims() -> None:
    said = one(
        read({"Id": CONTRACT, "StatusCode": "Draft", "SBQQ__Opportunity__c": DEAL[:15], "SBQQ__Quote__c": "a0qQG02t7BJCKKtYQP"}, "Contract")
    )
    org = tenant_of("salesforce").organisation
    assert said.parents == (Ref(org, Kind.OPPORTUNITY, DEAL),)
    assert said.claims == (Ref(org, Kind.QUOTE, "a0qQG02t7BJCKKtYQP"),)
    assert isinstance(said.document, Agreement)


def test_a_cut_list_is_not_complete() -> None:
    items = {"totalSize": 2, "done": False, "records": [{"Id": "802QG0ZenRLuLJRYS3"}]}
    order = one(read({"Id": "801QG0PxCgSDDrFYKX", "StatusCode": "Draft", "OrderItems": items}, "Order")).document
    assert isinstance(order, Order) and len(order.lines) == 1 and not order.complete_lines


MESSAGE = (
    '<e xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
    '<OrganizationId>{org}</OrganizationId><Notification><Id>04lQG0000000001EAA</Id><sObject i:type="s:Contract" xmlns:s="urn:x">'
    "<s:Id>800QG0bg9RiJRdbYQG</s:Id><s:StatusCode>Activated</s:StatusCode><s:EndDate i:nil='true'/>"
    "<s:LastModifiedDate>2025-04-01T08:00:00.000Z</s:LastModifiedDate></sObject></Notification></notifications></e>"
)


def test_an_outbound_message_asserts_the_fields_selected() -> None:
    (said,) = translate("salesforce", MESSAGE.format(org="00DQG0000009900").encode())
    assert isinstance(said, Statement)
    assert (said.version, said.fields) == ((1743494400000, 0), ("status", "until"))
    assert said.id == "salesforce:aster-samples:outbound:04lQG0000000001EAA"


@pytest.mark.parametrize(("org", "reason"), [("00DQG00000041702AA", "foreign_tenant"), ("", "missing:OrganizationId")])
def test_an_outbound_message_of_another_organisation_is_refused(org: str, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        translate("salesforce", MESSAGE.format(org=org).encode())
    assert caught.value.code == reason


# ---- quotes -------------------------------------------------------------------------------------


def quote(**fields: Any) -> dict[str, Any]:
    return read({"Id": "a0qQG02t7BJCKKtYQP", "SBQQ__Status__c": "Draft", **fields}, "SBQQ__Quote__c")


def test_an_ordered_quote_was_accepted_whatever_its_label_says() -> None:
    document = one(quote(SBQQ__Status__c="Wartet", SBQQ__Ordered__c=True), "cpq").document
    assert document is not None and getattr(document, "status", None) == "accepted"


@pytest.mark.parametrize(
    ("records", "count", "complete"),
    [
        ([{"Id": "a0vQG0fgnCApbbRYQR"}], 1, True),
        ([{"Id": "a0vQG0fgnCApbbRYQR"}], 2, False),
        ([{"Id": "a0vQG0fgnCApbbRYQR"}, {"Id": "a0vQG0fgnCApbbR"}], 2, False),  # the same line twice
    ],
)
def test_lines_that_must_not_be_summed(records: list[dict[str, Any]], count: int, complete: bool) -> None:
    document = one(quote(SBQQ__LineItems__r={"records": records}, SBQQ__LineItemCount__c=count), "cpq").document
    assert getattr(document, "complete_lines", None) is complete


def test_a_bundle_parent_carries_no_money() -> None:
    parent, child = {"Id": "a0vQG0fgnCApbbRYQR"}, {"Id": "a0vQG0XaV6u6M1IYKU", "SBQQ__RequiredBy__c": "a0vQG0fgnCApbbR"}
    document = one(quote(SBQQ__LineItems__r={"records": [parent, child]}), "cpq").document
    assert [line.bundle_parent for line in getattr(document, "lines", ())] == [True, False]


@pytest.mark.parametrize(
    ("frequency", "months"), [("Annual", 12), ("Semiannual", 6), ("Quarterly", 3), ("Monthly", 1), ("28 Day Bill Period", None)]
)
def test_a_price_is_for_the_billing_period(frequency: str, months: int | None) -> None:
    line = {"Id": "a0vQG0fgnCApbbRYQR", "SBQQ__ChargeType__c": "Recurring", "SBQQ__BillingFrequency__c": frequency}
    document = one(quote(SBQQ__LineItems__r={"records": [line]}), "cpq").document
    assert [(line.price_months, line.billing_months) for line in getattr(document, "lines", ())] == [(months, months)]


def test_other_cloud_events_are_counted_only() -> None:
    said = {"specversion": "1.0", "id": "1", "source": "/cpq/eu", "type": "com.tieout.quote.viewed.v1", "time": "2025-04-01T08:00:00Z"}
    assert say(said, "cpq") == [Skipped("unknown_event_type")]
    assert code({**said, "source": "/cpq/us"}, "cpq") == "foreign_tenant"
