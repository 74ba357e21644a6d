"""Envelope: the headers of every record we write, CloudEvents 1.0 in Kafka's binary mode."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache

from streams.transports.records import Headers, header

SCHEMA_ROOT = "https://tieout.dev/schema/"
TENANT = "tenant"


def identity(*parts: str | int) -> str:
    """A deterministic id: a digest of its inputs, in order."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]


@cache
def _fixed(type_: str, source: str, schema: int) -> Headers:
    """What is the same in every record of a type; a worker writes hundreds of thousands of them."""
    attributes = {
        "ce_specversion": "1.0",
        "ce_type": f"tieout.{type_}",
        "ce_source": source,
        "ce_dataschema": f"{SCHEMA_ROOT}{type_}/{schema}",
        "content-type": "application/json",
    }
    return tuple((name, value.encode()) for name, value in attributes.items())


def envelope(
    id_: str,
    type_: str,
    at: datetime,
    *,
    source: str = "/tieout",
    key: str | None = None,
    correlation: str | None = None,
    causation: str | None = None,
    schema: int = 1,
) -> Headers:
    """The headers of one record. `id_` must be the same whenever the same thing is said again."""
    time = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    headers = [("ce_id", id_.encode()), ("ce_time", time.encode())]
    if key is not None:
        headers.append(("ce_partitionkey", key.encode()))
    if correlation is not None:
        headers.append(("ce_correlationid", correlation.encode()))
    if causation is not None:
        headers.append(("ce_causationid", causation.encode()))
    return (*_fixed(type_, source, schema), *headers)


def correlation_of(headers: Headers, otherwise: str) -> str:
    """The correlation id a record came with, or else the one given."""
    return header(headers, "ce_correlationid") or header(headers, "correlationid") or otherwise
