"""Recorded native events: folders of payload files and JSONL, read in the order in which they were received."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.statements import Origin
from streams.mapping import Mapping, Mappings, load


class RecordingError(ValueError):
    """A recording that cannot be read; the message names the file and what to do.

    Operator action: correct the named file or line and run again.
    """


@dataclass(frozen=True)
class Native:
    """One native record: its bytes, the system whose topic it belongs on, its headers and when it was received."""

    system: str
    payload: bytes
    received_at: datetime | None
    path: str
    line: int
    headers: dict[str, str] = field(default_factory=dict)
    mapping: Mapping | None = None

    @property
    def order(self) -> tuple[datetime, str, int]:
        """Where it stands in the recording."""
        return self.received_at or datetime.max.replace(tzinfo=UTC), self.path, self.line

    def origin(self) -> Origin:
        """File and line instead of topic and offset."""
        return Origin(self.path, 0, self.line, hashlib.sha256(self.payload).hexdigest())


def instant(text: str, where: str) -> datetime:
    """An ISO instant with zone, in UTC; raises RecordingError naming where it stands."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise RecordingError(f"{where}: {text!r} is not an ISO date and time") from None
    if at.tzinfo is None:
        raise RecordingError(f"{where}: {text!r} carries no zone; write for example 2025-03-01T04:11:02Z")
    return at.astimezone(UTC)


def read(paths: list[Path]) -> list[Native]:
    """All records of folders and .jsonl files, sorted by (received_at, path, line)."""
    records: list[Native] = []
    for path in paths:
        if path.is_dir():
            records += _folder(path)
        elif path.suffix == ".jsonl":
            records += _lines(path)
        else:
            raise RecordingError(f"{path}: is neither a folder nor a .jsonl file")
    return sorted(records, key=lambda record: record.order)


def mappings_of(records: list[Native], override: Path | None) -> Mappings:
    """The mappings that the records bring along, or the one given instead."""
    if override:
        return Mappings([load(override)])
    found = {id(r.mapping): r.mapping for r in records if r.mapping}
    unique = {mapping.revision: mapping for mapping in found.values()}
    return Mappings(list(unique.values()))


def _beside(folder: Path) -> Mapping | None:
    path = folder / "mapping.yaml"
    return load(path) if path.exists() else None


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RecordingError(f"{path}: cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise RecordingError(f"{path}: must be an object")
    return data


def _folder(folder: Path) -> Iterator[Native]:
    manifest = _json(folder / "manifest.json") if (folder / "manifest.json").exists() else {}
    received, headers = manifest.get("received_at", {}), manifest.get("headers", {})
    mapping = _beside(folder)
    for path in sorted(folder.iterdir()):
        number, _, rest = path.name.partition("-")
        if path.suffix == ".jsonl":
            yield from _lines(path, headers, mapping)
        elif number.isdigit() and rest:
            system = rest.split("-", 1)[0].split(".", 1)[0]
            at = instant(received[path.name], f"{folder}/manifest.json: {path.name}") if path.name in received else None
            yield Native(system, path.read_bytes(), at, path.name, 1, headers.get(system, {}), mapping)


def _lines(path: Path, headers: dict[str, Any] | None = None, mapping: Mapping | None = None) -> Iterator[Native]:
    if headers is None:
        beside = path.parent / "manifest.json"
        headers = _json(beside).get("headers", {}) if beside.exists() else {}
        mapping = _beside(path.parent)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _line(path, number, line, headers, mapping)


def _line(path: Path, number: int, line: bytes, headers: dict[str, Any], mapping: Mapping | None) -> Native:
    where = f"{path}:{number}"
    try:
        row = json.loads(line, parse_float=_Raw, parse_int=_Raw)
        system = row["system"]
    except (ValueError, KeyError, TypeError) as error:
        raise RecordingError(f'{where}: each line is an object with "system", "received_at" and "payload" or "body"') from error
    if "payload" not in row and "body" not in row:
        raise RecordingError(f'{where}: "payload" (JSON) or "body" (a string) is missing')
    body = _dump(row["payload"]) if "payload" in row else str(row["body"])
    at = instant(row["received_at"], where) if row.get("received_at") else None
    return Native(system, body.encode(), at, path.name, number, {**headers.get(system, {}), **row.get("headers", {})}, mapping)


class _Raw(float):
    """A JSON number with its own digits: what was recorded is passed on to the last digit."""

    def __new__(cls, text: str) -> _Raw:
        raw = super().__new__(cls, text)
        raw.text = text
        return raw

    text: str

    def __repr__(self) -> str:
        return self.text


def _dump(value: Any) -> str:
    """JSON text with the recorded digits of every number."""
    if isinstance(value, _Raw):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{_dump(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_dump, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
