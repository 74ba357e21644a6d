"""Sending: native payloads from files onto a source topic, and the topics as they are; also while a worker runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agents.recording import RecordingError, instant
from streams import topics as specs
from streams.settings import Settings
from streams.sources import SYSTEMS
from streams.transports.embedded.log import Log
from streams.transports.records import Record

BATCH = 500
PAYLOAD_BYTES_MAX = 8 * 1024 * 1024


def open_log(settings: Settings) -> Log:
    """The embedded log of the settings, with its topics declared; raises ValueError for another broker."""
    if not settings.embedded:
        raise ValueError(f"{settings.broker} is no embedded log; this command works with embedded:// today")
    log = Log(settings.log_dir, settings.partitions)
    for spec in specs.specs(settings):
        log.declare(spec.name, spec.partitions, spec.compact, spec.retention_ms)
    return log


def send(settings: Settings, system: str, files: list[Path], tenant: str | None, manifest: Path | None) -> int:
    """Append the payloads of files to a system's source topic; returns how many. Each .jsonl line is a payload."""
    if system not in SYSTEMS:
        raise ValueError(f"{system} is no system; choose one of {', '.join(SYSTEMS)}")
    told = json.loads(manifest.read_text("utf-8")) if manifest else {}
    name = tenant or told.get("headers", {}).get(system, {}).get("tenant")
    headers = (("tenant", name.encode()),) if name else ()
    log, count, batch = open_log(settings), 0, []
    for path in files:
        at = told.get("received_at", {}).get(path.name)
        stamp = int(instant(at, f"{manifest}: {path.name}").timestamp() * 1000) if at else None
        for payload in _payloads(path):
            batch.append((specs.source(system), Record(path.name.encode(), payload, headers, None, stamp)))
            if len(batch) >= BATCH:
                count, batch = count + len(log.append(batch)), []
    count += len(log.append(batch)) if batch else 0
    log.close()
    return count


def _payloads(path: Path) -> Iterator[bytes]:
    if not path.exists():
        raise RecordingError(f"{path}: there is no such file")
    if path.suffix == ".jsonl":
        with path.open("rb") as file:
            yield from (line.strip() for line in file if line.strip())
        return
    if path.stat().st_size > PAYLOAD_BYTES_MAX:
        raise RecordingError(f"{path}: is larger than {PAYLOAD_BYTES_MAX} bytes; split it")
    yield path.read_bytes()


def topics(settings: Settings, create: bool) -> list[dict[str, Any]]:
    """Each topic with its settings, how many records it holds, and whether it exists."""
    if create:
        open_log(settings).close()
    exists = settings.embedded and settings.log_dir.exists()
    log = Log(settings.log_dir, settings.partitions) if exists else None
    ends = log.ends() if log else {}
    there = set(log.topics()) if log else set()
    rows = []
    for spec in specs.specs(settings):
        kept = "compacted" if spec.compact else f"{spec.retention_ms // specs.DAY_MS} days" if spec.retention_ms else "for ever"
        records = sum(end for (name, _), end in ends.items() if name == spec.name)
        rows.append(
            {"topic": spec.name, "partitions": spec.partitions, "retention": kept, "records": records, "exists": spec.name in there}
        )
    if log:
        log.close()
    return rows
