"""JSON without floats: numbers become Decimal or int, and limits hold before anything is built."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from models.statements import Refused

BYTES_MAX = 8 * 1024 * 1024
DEPTH_MAX = 64
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
DIGITS_MAX = 60  # of one number: far beyond money, far below what makes arithmetic slow


def _number(text: str) -> Decimal:
    if len(text) > DIGITS_MAX:
        raise Refused("huge_number", text[:20])
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise Refused("bad_number", text[:20]) from error
    if value and abs(value.adjusted()) > DIGITS_MAX:
        raise Refused("huge_number", text[:20])
    return value


def _integer(text: str) -> int:
    if len(text) > DIGITS_MAX:
        raise Refused("huge_number", text[:20])
    return int(text)


def _constant(text: str) -> Any:
    raise Refused("bad_number", text)


def loads(payload: bytes | str, strict: bool = True) -> Any:
    """The value of a JSON text, exactly. `strict=False` lets raw control characters stand inside strings.

    Raises Refused: too_large, not_utf8, not_json, too_deep, huge_number, bad_number.
    """
    if len(payload) > BYTES_MAX:
        raise Refused("too_large", f"{len(payload)} bytes, at most {BYTES_MAX}")
    try:
        text = payload.decode("utf-8-sig") if isinstance(payload, bytes) else payload
    except UnicodeDecodeError as error:
        raise Refused("not_utf8", str(error)) from error
    try:
        value = json.loads(text, parse_float=_number, parse_int=_integer, parse_constant=_constant, strict=strict)
    except json.JSONDecodeError as error:
        raise Refused("not_json", str(error)) from error
    except RecursionError as error:
        raise Refused("too_deep", f"more than {DEPTH_MAX} levels") from error
    if _SURROGATE.search(text) and not _encodes(value):
        raise Refused("not_utf8", "half a character")
    if _deeper_than(value, DEPTH_MAX):
        raise Refused("too_deep", f"more than {DEPTH_MAX} levels")
    return value


def _encodes(value: Any) -> bool:
    """Whether all text can be written as UTF-8: JSON can spell half a character, which nothing could encode again."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return False
    return True


def _deeper_than(value: Any, limit: int) -> bool:
    """Whether containers nest more than `limit` levels; without recursion of our own."""
    level = [value]
    for _ in range(limit):
        level = [
            child
            for node in level
            if isinstance(node, (dict, list))
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True
