"""The Faust application: batch topics, explicit acknowledgement, one task per partition."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import faust

from streams import topics
from streams.crash import crash
from streams.settings import Settings
from streams.transports.batches import BatchTopic, Publisher, Tail
from streams.transports.records import Received, Record

QUEUED_BATCHES = 4  # between the consumer and an agent; a batch holds up to a mebibyte
COMMIT_SECONDS = 1.0  # what a killed worker folds again at most, beside what is in flight
POLL_RECORDS_MAX = 2000
BATCH_BYTES_MAX = 1_000_000  # of one record batch, as large as a broker takes by default


@dataclass(frozen=True)
class Batch:
    """What an agent gets: consecutive records of one partition of one topic."""

    topic: str
    partition: int
    records: Sequence[Received]
    event: Any

    @property
    def last(self) -> int:
        """The offset of the last record."""
        return self.records[-1].offset

    def check_owned(self) -> None:
        """Raise Stale when the partition has been taken away since, and end the worker when its lease has run out."""
        self.event.app.consumer.must_own(self.event.message)

    def acknowledge(self) -> None:
        """Mark the batch as done; its offset is committed soon after."""
        self.event.ack()


class App(faust.App):  # type: ignore[misc]
    """A Faust app whose topics come in batches, and which publishes without Faust's buffers."""

    settings: Settings
    folded_state: Any  # tables.state.State, for the pages and the metrics; set where the agents are

    def batch_topic(self, *names: str) -> Any:
        """A channel on the batches of these topics."""
        return self.topic(*names, key_type=bytes, value_type=bytes, partitions=self.conf.topic_partitions)

    async def publish(self, outputs: Mapping[str, Sequence[Record]]) -> None:
        """Write records by topic, durably, in the order of the topics; raises when anything fails."""
        producer: Publisher = await self.maybe_start_producer()
        await producer.publish(outputs)

    async def publish_batch(self, topic: str, partition: int, records: Sequence[Record]) -> int:
        """Write records to one partition, all or none; returns the offset of the last."""
        producer: Publisher = await self.maybe_start_producer()
        return await producer.publish_batch(topic, partition, records)

    def tail(self, topic: str) -> Tail:
        """A reader of a whole topic that belongs to no group."""
        tail: Tail = self.transport.tail(topic)
        return tail

    async def next_offsets(self, names: Iterable[str]) -> dict[tuple[str, int], int]:
        """The offset that the next record of each partition of these topics will get."""
        offsets: dict[tuple[str, int], int] = await self.transport.next_offsets(names)
        return offsets

    async def declare(self) -> None:
        """Create the topics that do not exist yet, all of them from day one: Faust places partitions by what exists."""
        producer = await self.maybe_start_producer()
        for spec in topics.specs(self.settings):
            await producer.create_topic(
                spec.name,
                spec.partitions,
                self.conf.topic_replication_factor,
                retention=spec.retention_ms / 1000 if spec.retention_ms else None,
                compacting=spec.compact,
                deleting=not spec.compact,
            )


def create(settings: Settings) -> App:
    """The app, without agents and table."""
    app = App(
        settings.app_id,
        broker=settings.broker_url,
        datadir=settings.data_dir / "tables",
        topic_partitions=settings.partitions,
        topic_replication_factor=1 if settings.embedded else settings.replication,
        topic_disable_leader=True,
        table_standby_replicas=0 if settings.embedded else settings.standby_replicas,
        consumer_auto_offset_reset="earliest",
        broker_max_poll_records=POLL_RECORDS_MAX,
        broker_session_timeout=settings.session_seconds,
        broker_commit_interval=COMMIT_SECONDS,
        producer_max_batch_size=BATCH_BYTES_MAX,
        stream_buffer_maxsize=QUEUED_BATCHES,
        stream_wait_empty=True,
        web_enabled=False,
        Topic=BatchTopic,
    )
    app.settings = settings
    return app


async def each_batch(stream: Any, work: Callable[[Batch], Awaitable[None]]) -> None:
    """Do the work of each batch, the partitions side by side and the batches of one partition one after the other.

    An exception ends the worker: Faust would acknowledge the event that failed, and it would be lost.
    """
    running: dict[Any, asyncio.Task[None]] = {}
    async for event in stream.noack().events():
        message = event.message
        before = running.get(message.tp)
        if before is not None:
            await before
        batch = Batch(message.topic, message.partition, message.value, event)
        running[message.tp] = asyncio.create_task(_guarded(work, batch))


async def _guarded(work: Callable[[Batch], Awaitable[None]], batch: Batch) -> None:
    try:
        await work(batch)
    except Exception as error:  # noqa: BLE001 - whatever it is, going on would lose the batch
        crash(f"{batch.topic}-{batch.partition} up to {batch.last}", error)
