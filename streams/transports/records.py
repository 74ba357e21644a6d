"""Records: what is written to a topic and what is read back, the same for every transport."""

from __future__ import annotations

from typing import NamedTuple

Headers = tuple[tuple[str, bytes], ...]


class Record(NamedTuple):
    """A record to be written. Without a partition its key decides; without a timestamp (milliseconds) the present does."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None
    timestamp: int | None = None


class Received(NamedTuple):
    """A record that was read; the same fields as the Kafka client's own records. `timestamp` is in milliseconds."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


def header(headers: Headers, name: str) -> str | None:
    """The text of the last header of that name, which is the one that counts; None without one."""
    return next((value.decode("utf-8", "replace") for key, value in reversed(headers) if key == name), None)
