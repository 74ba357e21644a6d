"""The Salesforce-Zuora-NetSuite story as a test uses it: its records, and copies with one thing changed."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from agents.recording import Native, mappings_of, read
from agents.replay import Replay
from models.policy import default
from streams.mapping import Mappings

FOLDER = Path(__file__).parent / "stories" / "salesforce-zuora-netsuite"
EXPECTED: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text("utf-8"))
SPINE: dict[str, Any] = EXPECTED["spine"]
UNTIL = datetime.fromisoformat(EXPECTED["until"].replace("Z", "+00:00"))


@cache
def records() -> tuple[Native, ...]:
    """The native records of the spine's four systems, in order of arrival."""
    wanted = set(SPINE["events"])
    return tuple(record for record in read([FOLDER]) if record.path in wanted)


@cache
def mappings() -> Mappings:
    """The mapping that knows the spine's systems only."""
    return mappings_of(list(records()), FOLDER / SPINE["mapping"])


def fold(natives: list[Native], until: datetime = UNTIL) -> tuple[Replay, list[dict[str, Any]]]:
    """The machine after a replay, and its outputs."""
    machine = Replay(mappings(), default())
    return machine, list(machine.run(natives, until))


def alerts(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The alerts and dead letters among outputs."""
    return [output for output in outputs if output["kind"] in ("alert", "dead_letter")]


def open_keys(machine: Replay) -> set[str]:
    """The keys of the alerts that are open at the end."""
    return {key for head in machine.records.heads.values() for key in head.open}


def without(event: str) -> list[Native]:
    """The story with one event left out."""
    return [record for record in records() if record.path != event]


def with_value(event: str, path: str, value: str) -> list[Native]:
    """The story with one value of one payload replaced by the JSON text `value`; every other digit stays."""
    return [replace(r, payload=_changed(r.payload, path, value)) if r.path == event else r for r in records()]


def _changed(payload: bytes, path: str, value: str) -> bytes:
    document = json.loads(payload, parse_float=lambda text: f"\0{text}\0")
    node, *_ = (document,)
    *parents, last = re.findall(r"[^.\[\]]+", path)
    for part in parents:
        node = node[int(part)] if isinstance(node, list) else node[part]
    node[int(last) if isinstance(node, list) else last] = f"\0{value}\0"
    return re.sub(r'"\\u0000(.*?)\\u0000"', lambda m: json.loads(f'"{m[1]}"'), json.dumps(document)).encode()


def delayed(seed: int, hours: int = 2) -> list[Native]:
    """Every arrival delayed by up to some hours, and about every third delivered again, as late."""
    chance = random.Random(f"delayed {seed}")
    late = [replace(r, received_at=_later(r, chance, hours)) for r in records()]
    again = [replace(r, received_at=_later(r, chance, hours)) for r in records() if chance.random() < 0.3]
    return sorted([*late, *again], key=lambda record: record.order)


def _later(record: Native, chance: random.Random, hours: int) -> datetime:
    assert record.received_at is not None
    return record.received_at + timedelta(seconds=chance.randint(0, hours * 3600))


def shuffled(natives: list[Native], seed: int) -> list[Native]:
    """All records in any order, half of them twice; each keeps the time at which it was received."""
    chance = random.Random(f"shuffled {seed}")
    mixed = natives + chance.choices(natives, k=len(natives) // 2)
    chance.shuffle(mixed)
    return mixed
