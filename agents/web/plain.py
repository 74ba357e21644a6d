"""Plain values of a view, every field written out, so that a reader of the JSON never has to guess a default."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(order="deterministic")


def plain(value: Any) -> Any:
    """Structs as objects with all of their fields, money as exact strings."""
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, Decimal) else value


def encode(value: Any) -> bytes:
    """The JSON of a view."""
    return _encoder.encode(plain(value))
