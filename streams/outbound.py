"""Salesforce outbound messages: SOAP notifications with the fields an administrator selected, as rows.

Source: SOAP API Developer Guide, "Outbound Messaging". They arrive at least once, up to a day late and out of order, and
show the record at the time of sending, not of its trigger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree

from models.statements import Refused, Skipped
from streams.cdc import Row, own_id
from streams.exact import BYTES_MAX
from streams.mapping import Tenant
from streams.native import check, millis
from streams.reads import Own

NOTIFICATIONS_MAX = 100  # of one message, says the vendor
OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def notifications(payload: bytes, tenant: Tenant, known: Mapping[str, Iterable[str]]) -> Iterator[Row | Skipped]:
    """A row for each notification of a message; raises Refused (too_large, not_xml, missing, foreign_tenant)."""
    message = _parsed(payload).find(f".//{OUTBOUND}notifications")
    if message is None:
        raise Refused("missing:notifications")
    organisation = message.findtext(f"{OUTBOUND}OrganizationId")
    if not organisation:
        raise Refused("missing:OrganizationId")
    tenant.check_spelling(organisation)
    found = message.findall(f"{OUTBOUND}Notification")
    if not 0 < len(found) <= NOTIFICATIONS_MAX:
        raise Refused("bad_count:Notification", str(len(found)))
    for one in found:
        yield _row(one, known)


def _parsed(payload: bytes) -> Element:
    if len(payload) > BYTES_MAX:
        raise Refused("too_large", f"{len(payload)} bytes, at most {BYTES_MAX}")
    try:
        root: Element = ElementTree.fromstring(payload.lstrip(), forbid_dtd=True)
    except (ParseError, ValueError, LookupError) as error:  # entities, a DTD, an encoding nobody knows
        raise Refused("not_xml", str(error)) from error
    return root


def _row(notification: Element, known: Mapping[str, Iterable[str]]) -> Row | Skipped:
    """Only selected fields come, and Salesforce leaves out none of them: what is missing is unknown, nil is empty.

    Without LastModifiedDate among them there is no version to compare: then the row is the oldest there can be.
    """
    native, record = notification.findtext(f"{OUTBOUND}Id"), notification.find(f"{OUTBOUND}sObject")
    if not native or record is None:
        raise Refused("missing:Notification.Id" if not native else "missing:Notification.sObject")
    entity = (record.get(f"{XSI}type") or "").rpartition(":")[2]
    if entity not in known:
        return Skipped("unhandled_entity")
    fields: dict[str, Any] = {child.tag.rpartition("}")[2]: _value(child) for child in record}
    own = check(Own, fields, "Notification.sObject")
    seen_at = own.SystemModstamp or own.LastModifiedDate
    return Row(
        entity=entity,
        id=own_id(own.Id, "Notification.sObject.Id"),
        key=f"outbound:{own_id(native, 'Notification.Id')}",
        version=(millis(seen_at), 0),
        record=fields,
        named=frozenset(fields) - {"Id"},
        seen_at=seen_at,
    )


def _value(element: Element) -> str | None:
    return None if element.get(f"{XSI}nil") == "true" else element.text
