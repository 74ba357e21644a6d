"""Correlate: folds each partition's log into its records, and publishes what follows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec
import structlog

from agents.ingest import entry_record
from agents.metrics import Metrics
from agents.progress import FoldedRound, record
from models import correlation, outputs
from models.desk import Desk, Facts
from models.log import Entry, Tick, decode
from models.outputs import Output
from models.references import Ref
from models.statements import Refused
from streams import topics
from streams.app import Batch, each_batch
from streams.dead_letter import letter
from streams.envelope import correlation_of, envelope, identity
from streams.transports.records import Received, Record, header
from tables.records import Records
from tables.state import State

STAGE = "correlate"
TOPICS = {
    "alert": topics.ALERTS,
    "milestone": topics.MILESTONES,
    "merged": topics.MILESTONES,
    "revenue": topics.REVENUE,
    "request": topics.REQUESTS,
}
logger = structlog.get_logger(__name__)


class Correlate:
    """The agent over the statements log: one batch, one fold, one checkpoint."""

    def __init__(self, state: State, facts: Facts, metrics: Metrics) -> None:
        self._state, self._facts, self._metrics = state, facts, metrics

    async def __call__(self, stream: Any) -> None:
        """Consume until the worker stops."""
        await each_batch(stream, self._correlate)

    async def _correlate(self, batch: Batch) -> None:
        records = Records(partial(self._state.get, batch.partition), partial(self._state.scan, batch.partition))
        out: dict[str, list[Record]] = {}
        rounds: list[Tick] = []
        for received in self._state.fresh(batch):
            try:
                begun = time.perf_counter()
                entry = entry_of(received)
                for topic, one in fold(records, self._facts, entry, received, batch.partition, self._metrics):
                    out.setdefault(topic, []).append(one)
                self._metrics.observe_processing(time.perf_counter() - begun)
            except Refused as refused:
                logger.warning("correlate.refused", partition=batch.partition, offset=received.offset, code=refused.code)
                out.setdefault(topics.DEAD_LETTERS, []).append(
                    letter(received, batch.topic, batch.partition, STAGE, refused.code, str(refused))
                )
            else:
                rounds += [entry] if isinstance(entry, Tick) else []
        if rounds:
            # Last: whoever reads that a round was folded finds what followed from it.
            newest = max(rounds, key=lambda tick: tick.round)
            out[topics.PROGRESS] = [record(FoldedRound(batch.partition, newest.round, newest.heard))]
        begun = time.perf_counter()
        await self._state.checkpoint(batch, records.flush(), out)
        self._metrics.observe_checkpoint(time.perf_counter() - begun)


def entry_of(received: Received) -> Entry:
    """The entry of a log record; raises Refused."""
    try:
        return decode(received.value or b"")
    except msgspec.MsgspecError as error:
        raise Refused("not_an_entry", str(error)) from error


def fold(
    records: Records, facts: Facts, entry: Entry, received: Received, partition: int, metrics: Metrics
) -> Iterator[tuple[str, Record]]:
    """Fold one entry; yields (topic, record) of what follows, in a fixed order and with ids that a repeat gives again."""
    desk = Desk(records, facts)
    correlation.fold(desk, Ref.parse(received.key.decode()) if received.key else None, entry)
    together = correlation_of(received.headers, identity(topics.STATEMENTS, partition, received.offset))
    cause = header(received.headers, "ce_id")
    for number, (ref, onward) in enumerate(desk.onward):
        id_ = identity(topics.STATEMENTS, partition, received.offset, number)
        yield topics.STATEMENTS, entry_record(onward, ref, None, id_, together, cause)
    for output in sorted(desk.outputs, key=lambda one: (one.kind, one.id)):
        metrics.count_output(output)
        yield TOPICS[output.kind], output_record(output, together, cause)


def output_record(output: Output, together: str, cause: str | None) -> Record:
    """The record of an output, keyed by its contract, or by itself where it concerns a source."""
    key = output.contract or output.id
    headers = envelope(output.id, output.kind, output.at, key=key, correlation=together, causation=cause)
    return Record(key.encode(), outputs.encode(output), headers)
