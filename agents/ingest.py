"""Ingest: native events of every system become statements on the log; what cannot be understood becomes a dead letter."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from agents.metrics import Metrics
from agents.progress import Ingested, instant, record
from models.log import Entry, encode, route
from models.references import Ref
from models.statements import Notice, Origin, Refused, Skipped, Statement
from streams import topics
from streams.app import App, Batch, each_batch
from streams.dead_letter import letter
from streams.envelope import TENANT, correlation_of, envelope, identity
from streams.mapping import Mappings
from streams.sources import translators
from streams.transports.records import Received, Record, header
from tables.state import State

STAGE = "ingest"
BEATS = 4  # heartbeats of a source in the time that it may be silent
ENTRY_BYTES_MAX = 900_000  # a broker takes records of a mebibyte, headers and all
logger = structlog.get_logger(__name__)


class Ingest:
    """The agent over all source topics; the translator of a system is found by the topic's name."""

    def __init__(self, app: App, state: State, mappings: Mappings, metrics: Metrics, watched: Mapping[str, int] | None = None) -> None:
        self._app, self._state, self._mappings, self._metrics = app, state, mappings, metrics
        self._watched = watched or {}  # system to the minutes it may be silent, by policy
        self._beaten: dict[tuple[str, str], datetime] = {}
        self.counts: Counter[str] = Counter()  # statements, dead letters, and what was skipped, by reason

    async def __call__(self, stream: Any) -> None:
        """Consume until the worker stops."""
        await each_batch(stream, self._ingest)

    async def _ingest(self, batch: Batch) -> None:
        entries: list[Record] = []
        letters: list[Record] = []
        system = topics.system_of(batch.topic)
        for received in batch.records:
            try:
                found = self.entries(received, batch.topic, batch.partition)
                entries += found
                self._metrics.observe_event(system, "translated" if found else "skipped")
            except Refused as refused:
                self.counts["dead_letter"] += 1
                self._metrics.observe_event(system, "dead_letter")
                self._metrics.observe_dead_letter(system, refused.code)
                letters.append(letter(received, batch.topic, batch.partition, STAGE, refused.code, str(refused)))
        newest = max(received.timestamp for received in batch.records)
        self._metrics.observe_source(system, instant(newest))
        entries += self._beats(batch, system, instant(newest))
        step = Ingested(batch.topic, batch.partition, batch.last + 1, instant(newest))
        # In this order: whoever reads that a record was ingested finds its statements on the log.
        outputs = {topics.STATEMENTS: entries, topics.DEAD_LETTERS: letters, topics.PROGRESS: [record(step)]}
        await self._state.checkpoint(batch, {}, outputs, folds=False)

    def _beats(self, batch: Batch, system: str, newest: datetime) -> list[Record]:
        """A heartbeat of a watched source into every partition, now and then: how the log knows that it is not silent."""
        allowed = self._watched.get(system)
        orgs = {self._org(system, received) for received in batch.records} - {None} if allowed else set()
        found: list[Record] = []
        for org in sorted(org for org in orgs if org):
            last = self._beaten.get((org, system))
            if last is not None and allowed is not None and newest < last + timedelta(minutes=allowed) / BEATS:
                continue
            self._beaten[org, system] = newest
            id_ = identity("heartbeat", batch.topic, batch.partition, batch.last, org)
            beat = Notice(id_, system, org, "heartbeat", at=newest)
            found += [entry_record(beat, None, number, f"{id_}-{number}", id_, None) for number in range(self._app.settings.partitions)]
        return found

    def _org(self, system: str, received: Received) -> str | None:
        try:
            return self._mappings.tenant(system, header(received.headers, TENANT)).organisation
        except Refused:
            return None

    def entries(self, received: Received, topic: str, partition: int) -> list[Record]:
        """The records that one native event puts on the log; raises Refused."""
        origin = Origin(topic, partition, received.offset, hashlib.sha256(received.value or b"").hexdigest())
        correlation = correlation_of(received.headers, identity(topic, partition, received.offset))
        found: list[Record] = []
        for said in self._said(received, topics.system_of(topic)):
            stamped = msgspec.structs.replace(said, at=instant(received.timestamp), origin=origin)
            if isinstance(stamped, Statement):
                stamped = msgspec.structs.replace(stamped, correlation=correlation)
            for key, entry, number in self._addressed(stamped):
                id_ = identity(topic, partition, received.offset, len(found))
                found.append(entry_record(entry, key, number, id_, correlation, header(received.headers, "ce_id")))
        return found

    def _said(self, received: Received, system: str) -> Iterator[Statement | Notice]:
        translate = translators().get(system)
        if translate is None:
            self.counts[f"skipped:{system}"] += 1
            return
        tenant = self._mappings.tenant(system, header(received.headers, TENANT))
        try:
            for said in translate(received.value or b"", tenant):
                if isinstance(said, Skipped):
                    self.counts[f"skipped:{said.reason}"] += 1
                else:
                    self.counts["statement"] += 1
                    yield said
        except Refused:
            raise
        except Exception as error:
            # A translator is pure: what it trips over once, it trips over each time, and the partition would stand still.
            logger.exception("ingest.translator_failed", system=system, offset=received.offset)
            raise Refused(f"translator:{type(error).__name__}", str(error)) from error

    def _addressed(self, said: Statement | Notice) -> Iterator[tuple[Ref | None, Entry, int | None]]:
        """The entries, each with its key, or with its partition where it concerns all of them."""
        if isinstance(said, Notice):
            yield from ((None, said, number) for number in range(self._app.settings.partitions))
        else:
            yield from ((ref, entry, None) for ref, entry in route(said))


def entry_record(entry: Entry, key: Ref | None, partition: int | None, id_: str, correlation: str, causation: str | None) -> Record:
    """The log record of an entry; raises Refused for one that no broker would take."""
    value = encode(entry)
    if len(value) > ENTRY_BYTES_MAX:
        raise Refused("too_large", f"{len(value)} bytes as a statement, at most {ENTRY_BYTES_MAX}")
    headers = envelope(
        id_,
        type(entry).__name__.lower(),
        entry.at,
        source="/tieout/log",
        key=str(key) if key else None,
        correlation=correlation,
        causation=causation,
    )
    return Record(key.key() if key else None, value, headers, partition)
