"""Dead letters: what could not be understood, byte for byte, and where and why it failed."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from streams.transports.records import Headers, Received, Record, header

PREFIX = "tieout_dlq_"
MESSAGE_LENGTH_MAX = 1000


def letter(record: Received, topic: str, partition: int, stage: str, code: str, message: str) -> Record:
    """The record for the dead-letter topic: value, key and headers as they came, and our headers after them.

    A record that was redriven carries our headers from last time; its attempt counts on and it keeps the time at which it
    first failed. `stage` names the agent that refused it, `code` the reason (`not_json`, `missing:record.id`).
    """
    attempt = int(header(record.headers, f"{PREFIX}attempt") or 0) + 1
    now = datetime.fromtimestamp(time.time(), UTC).isoformat()
    ours = {
        "topic": topic,
        "partition": partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "stage": stage,
        "code": code,
        "message": message[:MESSAGE_LENGTH_MAX],
        "attempt": attempt,
        "first_failed_at": header(record.headers, f"{PREFIX}first_failed_at") or now,
    }
    headers = tuple((PREFIX + name, str(value).encode()) for name, value in ours.items())
    return Record(record.key, record.value, original(record.headers) + headers)


def original(headers: Headers) -> Headers:
    """The headers without ours, as they came in the first place."""
    return tuple(pair for pair in headers if not pair[0].startswith(PREFIX))


def redriven(record: Received) -> tuple[str, Record]:
    """Where a dead letter goes back to, and the record: the bytes as they came, with the count of its attempts."""
    topic = header(record.headers, f"{PREFIX}topic")
    if topic is None:
        raise ValueError("not a dead letter: it does not say which topic it came from")
    kept = tuple(pair for pair in record.headers if pair[0] in (f"{PREFIX}attempt", f"{PREFIX}first_failed_at"))
    stamp = header(record.headers, f"{PREFIX}timestamp")
    return topic, Record(record.key, record.value, original(record.headers) + kept, None, int(stamp) if stamp else None)
