"""Filters in the URL: every parameter is known, bounded and checked, or the request is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from models.findings import Severity

TEXT_MAX = 100
PAGE_MAX = 10_000
LIMIT = 50
LIMIT_MAX = 200
AGE_DAYS_MAX = 36_500
T = TypeVar("T")
F = TypeVar("F", bound=msgspec.Struct)


class BadQuery(ValueError):
    """A query that is not understood; the message names the parameter and what it may be.

    Operator action: correct the URL.
    """


class AlertFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the alert queue shows: empty fields do not filter."""

    severity: str = ""
    rule: str = ""
    contract: str = ""
    system: str = ""
    text: str = ""
    older_than_days: int = 0
    sort: str = "severity"
    page: int = 1
    limit: int = LIMIT


class ContractFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the contract list shows: `text` searches name, number, subscription and reference."""

    text: str = ""
    open: bool = False
    sort: str = "number"
    page: int = 1
    limit: int = LIMIT


ALERT_SORTS = ("severity", "oldest", "newest", "amount", "contract")
CONTRACT_SORTS = ("number", "name", "alerts", "changed")
_NUMBERS = {"page": PAGE_MAX, "limit": LIMIT_MAX, "older_than_days": AGE_DAYS_MAX}


def alert_filter(query: Mapping[str, str]) -> AlertFilter:
    """The filter a query asks for; raises BadQuery."""
    found = _read(query, AlertFilter)
    _one_of("severity", found.severity, ("", *Severity))
    _one_of("sort", found.sort, ALERT_SORTS)
    return found


def contract_filter(query: Mapping[str, str]) -> ContractFilter:
    """The filter a query asks for; raises BadQuery."""
    found = _read(query, ContractFilter)
    _one_of("sort", found.sort, CONTRACT_SORTS)
    return found


def _read(query: Mapping[str, str], shape: type[F]) -> F:
    for name in query:
        if name not in shape.__struct_fields__:
            raise BadQuery(f"unknown parameter {name[:40]!r}: known are {', '.join(shape.__struct_fields__)}")
    # a form sends empty fields too: they mean the default
    given: dict[str, Any] = {name: _value(name, value.strip()) for name, value in query.items() if value.strip()}
    return shape(**given)


def _value(name: str, text: str) -> str | int | bool:
    if len(text) > TEXT_MAX:
        raise BadQuery(f"{name} is longer than {TEXT_MAX} characters")
    if name in _NUMBERS:
        return _whole(name, text)
    if name == "open":
        _one_of(name, text, ("true", "false"))
        return text == "true"
    return text


def _whole(name: str, text: str) -> int:
    least, most = (0 if name == "older_than_days" else 1), _NUMBERS[name]
    if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most and len(text) <= 9):
        raise BadQuery(f"{name} must be a whole number from {least} to {most}")
    return int(text)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise BadQuery(f"{name} must be one of {', '.join(a for a in allowed if a)}")


class Slice(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list, with how many there are in all."""

    items: list[T]
    total: int
    page: int
    limit: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.limit))


def cut(items: list[T], page: int, limit: int) -> Slice[T]:
    """The page of a list that was asked for."""
    return Slice(items[(page - 1) * limit : page * limit], len(items), page, limit)
