"""A worker with a fold so small that a test can compute it again: python -m tests.toy_worker DATA_DIR."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from agents.worker import serve
from streams import topics
from streams.app import App, Batch, create, each_batch
from streams.settings import Settings
from streams.transports.records import Received, Record
from tables.state import State

FIRST = b'{"n":0,"chain":""}'
ONWARD_EVERY = 3


def fold(value: bytes | None, record: Received) -> tuple[bytes, Record, Record | None]:
    """The new state (it betrays a record lost, repeated or out of order), an output, and sometimes a record onward."""
    state, event = json.loads(value or FIRST), json.loads(record.value or b"{}")
    chain = hashlib.sha256((state["chain"] + event["id"]).encode()).hexdigest()
    number = state["n"] + 1
    output = Record(record.key, json.dumps({"id": chain}).encode())
    onward = None
    if number % ONWARD_EVERY == 0 and event["hop"] == 0:
        key = f"onward-{int(chain, 16) % 50}".encode()
        onward = Record(key, json.dumps({"id": chain, "hop": 1}).encode())
    return json.dumps({"n": number, "chain": chain}, separators=(",", ":")).encode(), output, onward


def fold_batch(state: State, batch: Batch) -> tuple[dict[bytes, bytes | None], dict[str, list[Record]]]:
    """Fold what has not been folded yet."""
    writes: dict[bytes, bytes | None] = {}
    outputs: dict[str, list[Record]] = {topics.ALERTS: [], topics.STATEMENTS: []}
    for record in state.fresh(batch):
        key = record.key or b""
        before = writes[key] if key in writes else state.get(batch.partition, key)
        writes[key], output, onward = fold(before, record)
        outputs[topics.ALERTS].append(output)
        outputs[topics.STATEMENTS] += [onward] if onward else []
    return writes, outputs


def build(settings: Settings) -> App:
    """The app with its one agent."""
    app = create(settings)
    state = State(app)

    async def toy(stream: Any) -> None:
        async def work(batch: Batch) -> None:
            await state.checkpoint(batch, *fold_batch(state, batch))

        await each_batch(stream, work)

    app.agent(app.batch_topic(topics.STATEMENTS))(toy)
    return app


def refold(log: Iterable[Received]) -> tuple[dict[bytes, bytes], set[str]]:
    """What the state and the ids of the outputs must be after one partition's log."""
    state: dict[bytes, bytes] = {}
    ids = set()
    for record in log:
        state[record.key or b""], output, _ = fold(state.get(record.key or b""), record)
        ids.add(json.loads(output.value or b"")["id"])
    return state, ids


if __name__ == "__main__":
    serve(build(Settings(data_dir=Path(sys.argv[1]), partitions=4)))
