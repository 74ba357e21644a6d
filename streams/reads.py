"""Salesforce records as a connector reads them by REST, and the sniffing of reads from change events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from models.statements import Life, Notice, Refused, Skipped
from streams.cdc import Row, Table, Zoned, body_of, changes, own_id
from streams.mapping import Tenant
from streams.native import Flag, Native, NeedText, Text, check, millis


class Read(Native):
    """The envelope around a record that a connector read."""

    tenant: Text = None
    object: NeedText
    key: NeedText
    op: NeedText
    read_at: Zoned
    because: Text = None


class Own(Native):
    """What every record has, and when it was last written; SystemModstamp also moves when an automated process writes."""

    Id: NeedText
    IsDeleted: Flag = None
    SystemModstamp: Zoned | None = None
    LastModifiedDate: Zoned | None = None


class Page(Native):
    """A related list or a page of a query."""

    records: list[dict[str, Any]]
    totalSize: Annotated[int, Field(strict=True)] | None = None
    done: bool | None = None


def rows(payload: Any, tenant: Tenant, known: Mapping[str, Iterable[str]], follow: Table) -> Iterator[Row | Notice | Skipped]:
    """The rows of a parsed payload, a read or a change event. Raises Refused.

    `known` maps each entity we keep to the native fields we read of it. `follow` names fields that a change of another
    carries along: a formula such as IsWon is in the body but not in changedFields when its StageName changed.
    """
    if not isinstance(payload, dict):
        raise Refused("not_an_object", type(payload).__name__)
    if "read" in payload:
        yield from _read(payload, tenant, known)
        return
    body = body_of(payload)
    if body is None:
        yield Skipped("platform_event")
    else:
        yield from changes(body, tenant, known, follow)


def _read(payload: dict[str, Any], tenant: Tenant, known: Mapping[str, Iterable[str]]) -> Iterator[Row | Notice | Skipped]:
    read = check(Read, payload["read"], "read")
    tenant.check_spelling(read.tenant)
    if read.object not in known:
        yield Skipped("unhandled_entity")
    elif read.op == "delete":
        yield _row(read, {"Id": read.key}, Life.DELETED)
    elif read.op != "upsert":
        yield Skipped("unknown_operation")
    else:
        yield from _records(read, payload.get("record"), tenant)


def _records(read: Read, record: Any, tenant: Tenant) -> Iterator[Row | Notice]:
    """One record, or a page of a query; a page that was cut leaves a gap."""
    if not isinstance(record, dict):
        raise Refused("not_an_object:record", type(record).__name__)
    if "records" not in record:
        yield _row(read, record)
        return
    found, whole = children(record, "record")
    yield from (_row(read, one) for one in found)
    if not whole:
        key = f"read:{read.object}:{read.key}:{millis(read.read_at)}:cut"
        yield Notice(f"{tenant.system}:{tenant.organisation}:{key}", tenant.system, tenant.organisation, "gap", read.object)


def _row(read: Read, record: dict[str, Any], life: Life = Life.LIVE) -> Row:
    """A record read is complete; its version is its own stamp, or the time of the read where no stamp was selected."""
    own = check(Own, record, "record")
    native = own_id(own.Id, "record.Id")
    seen_at = own.SystemModstamp or own.LastModifiedDate
    life = Life.DELETED if own.IsDeleted else life  # queryAll also shows what lies in the recycle bin
    version = millis(seen_at or read.read_at)
    return Row(
        entity=read.object,
        id=native,
        key=f"read:{read.object}:{native}:{version}" + (":deleted" if life is Life.DELETED else ""),
        version=(version, 0),
        record=record,
        life=life,
        seen_at=seen_at,
        read_at=read.read_at,
        because=read.because,
    )


def children(related: Any, at: str) -> tuple[list[dict[str, Any]], bool]:
    """(the records of a related list or page, whether all of them are there).

    A related list without records is null instead of empty, and a long one is cut: `done` is false or `totalSize` greater.
    """
    if related is None:
        return [], True
    page = check(Page, related, at)
    whole = page.done is not False and (page.totalSize is None or page.totalSize <= len(page.records))
    return page.records, whole
