"""Facts from native fields, or Refused: references, texts in fields an organisation named itself, currencies, statuses, instants."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from models.calendar import DAY, Span, day_in, sane
from models.documents import Status
from models.references import Kind, Ref
from models.statements import Refused, Unknown
from streams.mapping import Tenant
from streams.native import Day, Native, Text, at_path, check, in_zone

WHOLE_MAX = 2**53  # of versions and terms: beyond it a number is damage, not a count


class _Named(Native):
    value: Text = None


class _Dated(Native):
    value: Day = None


def sound(payload: bytes, document: Any) -> Any:
    """The parsed document; raises Refused where an escape (a lone half of a surrogate pair) is no character that can be written."""
    if re.search(rb"\\u[dD][89a-fA-F]", payload):
        try:
            json.dumps(document, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as error:
            raise Refused("not_utf8", str(error)) from error
    return document


def text_at(record: Any, path: str) -> str | None:
    """The text in a field whose (dotted) name is the organisation's own; raises Refused where it is no text."""
    return check(_Named, {"value": at_path(record, path)}, path).value


def day_at(record: Any, path: str) -> date | None:
    """The day in a field whose name is the organisation's own; raises Refused where it is no date."""
    return check(_Dated, {"value": at_path(record, path)}, path).value


def bare(native: str | None) -> str:
    """A vendor's word without case, spaces and separators: `Pending Activation` and `PENDING_ACTIVATION` are one."""
    return re.sub(r"[\W_]", "", native or "").lower()


def refs(tenant: Tenant, kind: Kind, natives: Iterable[str | None]) -> tuple[Ref, ...]:
    """The references of native ids, each once, in order; empty ids are none."""
    return tuple(dict.fromkeys(ref for native in natives if (ref := tenant.ref(kind, native))))


def own_ref(tenant: Tenant, kind: Kind, native: str | None, at: str) -> Ref:
    """The reference a statement is about; raises Refused where the id is empty."""
    ref = tenant.ref(kind, native)
    if ref is None:
        raise Refused(f"missing:{at}")
    return ref


def first(*fields: tuple[Ref, ...]) -> tuple[Ref, ...]:
    """The references of the first parent field that is not empty: a document joins through one field only."""
    return next((field for field in fields if field), ())


def status_of(tenant: Tenant, object_: str, native: str | None, table: Mapping[str, Status], unknown: list[Unknown]) -> Status:
    """The canonical status of a native one, by the organisation's own table first; UNKNOWN plus an Unknown for any other."""
    own = tenant.statuses.get(object_, {}).get(native or "")
    if own in set(Status):
        return Status(own)
    status = table.get(bare(native), Status.UNKNOWN)
    if status is Status.UNKNOWN:
        unknown.append(Unknown("status", native or ""))
    return status


def currency_of(native: str | None, unknown: list[Unknown]) -> str | None:
    """An ISO code; anything else is None plus an Unknown, so that no amount is compared."""
    if native and re.fullmatch(r"[A-Z]{3}", native.upper()):
        return native.upper()
    unknown.append(Unknown("currency", native or ""))
    return None


def instant_in(instant: datetime, tenant: Tenant, at: str) -> datetime:
    """An instant in UTC, one without zone read in the organisation's; raises Refused at the ends of time."""
    try:
        return in_zone(instant, tenant.zone) or instant
    except OverflowError as error:
        raise Refused(f"bad_date:{at}", str(instant)) from error


def day_of(instant: datetime | None, tenant: Tenant, at: str) -> date | None:
    """The day of an instant where the organisation is; raises Refused at the ends of time."""
    if instant is None:
        return None
    try:
        return sane(day_in(instant_in(instant, tenant, at), tenant.zone))
    except OverflowError as error:
        raise Refused(f"bad_date:{at}", str(instant)) from error


def days(start: date | None, last: date | None) -> Span:
    """The half-open period of an inclusive one; sentinels of either side leave it open."""
    last = sane(last)
    return Span(sane(start), last + DAY if last else None)


def whole(number: Decimal, at: str) -> int:
    """A count that may come as a decimal; raises Refused where it is none."""
    if number != number.to_integral_value() or not 0 <= number < WHOLE_MAX:
        raise Refused(f"bad_number:{at}", str(number)[:40])
    return int(number)


def negated(number: Decimal | None) -> Decimal | None:
    """The same amount with the other sign; zero stays zero without a sign."""
    return -number if number else number


def less(whole_: Decimal | None, part: Decimal | None) -> Decimal | None:
    """What remains of an amount; None where either is unknown."""
    return None if whole_ is None or part is None else whole_ - part
