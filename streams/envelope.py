"""Envelope: the headers of every record we write, CloudEvents 1.0 in Kafka's binary mode."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from streams.transports.records import Headers, header

SPEC_VERSION = "1.0"
SCHEMA_ROOT = "https://tieout.dev/schema/"
TENANT = "tenant"


def identity(*parts: str | bytes | int) -> str:
    """A deterministic id: a digest of its inputs, in order."""
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:32]


def envelope(
    id_: str,
    type_: str,
    at: datetime | None = None,
    *,
    source: str = "/tieout",
    key: str | None = None,
    correlation: str | None = None,
    causation: str | None = None,
    schema: int = 1,
) -> Headers:
    """The headers of one record. `id_` must be the same whenever the same thing is said again."""
    attributes = {
        "ce_specversion": SPEC_VERSION,
        "ce_id": id_,
        "ce_source": source,
        "ce_type": f"tieout.{type_}",
        "ce_time": at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None,
        "ce_partitionkey": key,
        "ce_correlationid": correlation,
        "ce_causationid": causation,
        "ce_dataschema": f"{SCHEMA_ROOT}{type_}/{schema}",
        "content-type": "application/json",
    }
    return tuple((name, value.encode()) for name, value in attributes.items() if value is not None)


def correlation_of(headers: Headers, otherwise: str) -> str:
    """The correlation id a record came with, or else the one given."""
    return header(headers, "ce_correlationid") or header(headers, "correlationid") or otherwise
