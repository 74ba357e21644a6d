"""Names as the vendors write them, derived from a key: the same key always gives the same id, and no two keys share one."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

ZONE = "Europe/Berlin"
_SYMBOLS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def digest(*parts: object) -> str:
    """32 hexadecimal digits, the form of every Zuora object id."""
    return hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def number(limit: int, *parts: object) -> int:
    """A number below `limit`."""
    return int(digest(*parts), 16) % limit


def salesforce_id(prefix: str, *parts: object) -> str:
    """An id of 15 characters with its checksum of 3; `prefix` names the object (001 account, 006 opportunity)."""
    value = int(digest(prefix, *parts), 16)
    letters = ""
    for _ in range(9):
        value, symbol = divmod(value, len(_SYMBOLS))
        letters += _SYMBOLS[symbol]
    return with_checksum(f"{prefix}SM0{letters}")


def with_checksum(id15: str) -> str:
    """18 characters: one more for each five, telling which of them are upper case."""
    chunks = (id15[:5], id15[5:10], id15[10:15])
    return id15 + "".join(_CHECKSUM[sum(1 << i for i, c in enumerate(chunk) if "A" <= c <= "Z")] for chunk in chunks)


def transaction_key(*parts: object) -> str:
    """The transaction key of a change event: a UUID in form."""
    text = digest("transaction", *parts)
    return "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])


def zoned(at: datetime) -> str:
    """A stamp as Zuora's v1 REST writes it: in the tenant's zone, which it does not name."""
    return at.astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%d %H:%M:%S")


def stamp(at: datetime) -> str:
    """A stamp in UTC with Z, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def minute(at: datetime) -> str:
    """A stamp as NetSuite's REST writes it: the seconds are always 00."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:00Z")


def epoch_ms(at: datetime) -> int:
    """Milliseconds since 1970, whole seconds as change events have them."""
    return int(at.replace(microsecond=0).timestamp()) * 1000
