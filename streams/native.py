"""Native values: annotated pydantic types that read vendors' money, dates and flags exactly, or refuse with a reason."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from models.statements import Refused

AMOUNT_DIGITS_MAX = 40


class Native(BaseModel):
    """A vendor's object: the fields named are checked, all others are tolerated and ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


Shape = TypeVar("Shape", bound=BaseModel)


def _amount(value: Any) -> Decimal | None:
    """A JSON number or numeric text, exactly; empty text is absent; a flag or a float is no amount."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise PydanticCustomError("bad_amount", "not a number")
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise PydanticCustomError("bad_amount", "not a number") from None
    if not number.is_finite() or len(number.as_tuple().digits) > AMOUNT_DIGITS_MAX or abs(number.adjusted()) > AMOUNT_DIGITS_MAX:
        raise PydanticCustomError("bad_amount", "not a finite number of sensible size")
    return number


def _day(value: Any) -> date | None:
    """An ISO day, or the day that an ISO instant or epoch milliseconds names in UTC; anything else is refused."""
    if value is None or value == "":
        return None
    if isinstance(value, date):
        return value
    try:
        if isinstance(value, str):
            if len(value) == 10:
                return date.fromisoformat(value)
            return _instant(value).date()  # type: ignore[union-attr]
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value // 1000, UTC).date()
    except (ValueError, OverflowError, OSError, AttributeError):
        pass
    raise PydanticCustomError("bad_date", "not an ISO date")


def _instant(value: Any) -> datetime | None:
    """An ISO instant or epoch milliseconds, in UTC; an instant without zone stays naive, for `in_zone`."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, datetime):
            return value
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value.strip())
            return parsed.astimezone(UTC) if parsed.tzinfo else parsed
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value // 1000, UTC).replace(microsecond=value % 1000 * 1000)
    except (ValueError, OverflowError, OSError):
        pass
    raise PydanticCustomError("bad_date", "not an ISO date and time")


def _text(value: Any) -> str | None:
    """Text or a whole number as text; empty is absent."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise PydanticCustomError("bad_text", "not text")
    return str(value)


def _flag(value: Any) -> bool | None:
    """true/false, T/F, Yes/No in any case; empty is absent."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    known = {"t": True, "true": True, "yes": True, "y": True, "f": False, "false": False, "no": False, "n": False}
    if isinstance(value, str) and value.strip().lower() in known:
        return known[value.strip().lower()]
    raise PydanticCustomError("bad_flag", "not true or false")


def _needed(value: Any) -> Any:
    if value is None:
        raise PydanticCustomError("missing", "missing")
    return value


Amount = Annotated[Decimal | None, BeforeValidator(_amount)]
Day = Annotated[date | None, BeforeValidator(_day)]
Instant = Annotated[datetime | None, BeforeValidator(_instant)]
Text = Annotated[str | None, BeforeValidator(_text)]
Flag = Annotated[bool | None, BeforeValidator(_flag)]
# the same, where the document means nothing without it
NeedText = Annotated[str, BeforeValidator(lambda value: _needed(_text(value)))]
NeedAmount = Annotated[Decimal, BeforeValidator(lambda value: _needed(_amount(value)))]
NeedInstant = Annotated[datetime, BeforeValidator(lambda value: _needed(_instant(value)))]


def check(shape: type[Shape], data: Any, at: str = "") -> Shape:
    """`data` as `shape`; raises Refused with a code such as `missing:record.id` or `bad_amount:record.Amount`."""
    if not isinstance(data, dict):
        raise Refused(f"not_an_object:{at}" if at else "not_an_object", type(data).__name__)
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        path = ".".join([part for part in (at, *map(str, first["loc"])) if part])
        code = {"model_type": "not_an_object", "list_type": "not_a_list"}.get(first["type"], first["type"])
        raise Refused(f"{code}:{path}", first["msg"]) from error


def at_path(record: Any, path: str) -> Any:
    """The value under a dotted path (`customFields.OpportunityId__c`), or None where it is not there."""
    for part in path.split("."):
        record = record.get(part) if isinstance(record, dict) else None
    return record


def in_zone(instant: datetime | None, zone: str) -> datetime | None:
    """An instant that carries no zone, read in the organisation's zone, as UTC."""
    if instant is None or instant.tzinfo:
        return instant
    return instant.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def millis(instant: datetime | None) -> int:
    """Milliseconds since 1970 (UTC) of an aware instant; 0 for none. Versions are made of these."""
    if instant is None:
        return 0
    delta = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return delta.days * 86_400_000 + delta.seconds * 1000 + delta.microseconds // 1000
