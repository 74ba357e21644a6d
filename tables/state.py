"""The one table: what has been folded, by partition, and the checkpoint that moves it forward."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

import structlog

from streams import topics
from streams.app import App, Batch
from streams.crash import crash
from streams.transports.batches import Stale
from streams.transports.records import Received, Record
from tables.store import FOLDED, OWN, PREFIX, STORE_URL, Store, change, writes_of

RECOVERY_BATCHES = 2  # one corrupts tables: Faust then keeps reading its own changelog after recovery

logger = structlog.get_logger(__name__)


def _after(prefix: bytes) -> bytes | None:
    """The first key after every key that begins with `prefix`; None where there is none."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1]) if stripped else None


class State:
    """Bytes by partition and key, ordered. Keys must not begin with a zero byte."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._table = app.Table(
            "state",
            key_type=bytes,
            value_type=bytes,
            partitions=app.conf.topic_partitions,
            store=STORE_URL,
            recovery_buffer_size=RECOVERY_BATCHES,
            # A worker that was paused may write old state late; compaction must not prefer it before a recovery repairs.
            extra_topic_configs={"min.compaction.lag.ms": topics.DAY_MS},
        )

    @property
    def _store(self) -> Store:
        store: Store = self._table.data
        return store

    def get(self, partition: int, key: bytes) -> bytes | None:
        """The value of a key."""
        value = self._store.get(partition, key)
        return None if value is None else value[PREFIX.size :]

    def scan(
        self, partition: int, prefix: bytes = b"", *, start: bytes | None = None, end: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values in order: those with a prefix, or those from `start` up to but not including `end`."""
        first = max(start if start is not None else prefix, b"\x01")
        last = end if end is not None else _after(prefix)
        for key, value in self._store.scan(partition, first, last):
            yield key, value[PREFIX.size :]

    def folded(self, partition: int) -> int:
        """Up to which offset the partition's log has been folded; -1 for nothing."""
        return self._store.folded(partition)

    def fresh(self, batch: Batch) -> list[Received]:
        """The records of a batch that have not been folded yet; after a crash some come again."""
        folded = self.folded(batch.partition)
        return [record for record in batch.records if record.offset > folded]

    def partitions(self) -> list[int]:
        """The partitions that this worker owns, once they are recovered; none before."""
        if not self._app.tables.actives_ready or self._app.rebalancing:
            return []
        topic = self._table.changelog_topic.get_topic_name()
        return sorted(tp.partition for tp in self._app.assignor.assigned_actives() if tp.topic == topic)

    async def checkpoint(
        self, batch: Batch, writes: Mapping[bytes, bytes | None], outputs: Mapping[str, Sequence[Record]], *, folds: bool = True
    ) -> None:
        """Publish outputs, then remember, then acknowledge; each durable before the next.

        `writes` are the new values of the batch's partition (None deletes). A batch that is not of the statements log
        folds nothing (`folds=False`) and must not write. Whatever fails ends the worker; nothing was acknowledged, and
        the batch comes again. Bounded in time: a Kafka client waits for ever for a topic that does not exist.
        """
        try:
            async with asyncio.timeout(self._app.settings.checkpoint_seconds):
                await self._checkpoint(batch, writes, outputs, folds)
        except Stale as stale:
            logger.info("batch.stale", batch=str(stale))
            batch.acknowledge()
        except Exception as error:  # noqa: BLE001 - going on would lose the batch
            crash(f"checkpoint of {batch.topic}-{batch.partition} up to {batch.last}", error)

    async def _checkpoint(
        self, batch: Batch, writes: Mapping[bytes, bytes | None], outputs: Mapping[str, Sequence[Record]], folds: bool
    ) -> None:
        # A batch that was folded before must not move the partition's mark back.
        folds = folds and batch.last > self.folded(batch.partition)
        if (writes and not folds) or any(key.startswith(OWN) or not key for key in writes):
            raise ValueError("only a fresh batch of the statements log writes, and to keys that do not begin with a zero byte")
        batch.check_owned()
        await self._app.publish({topic: records for topic, records in outputs.items() if records})
        if folds:
            batch.check_owned()
            changes = [change(key, value, batch.last) for key, value in writes.items()]
            changes.append(change(FOLDED, b"", batch.last))
            offset = await self._app.publish_batch(self._table.changelog_topic.get_topic_name(), batch.partition, changes)
            self._store.write(batch.partition, writes_of(changes).items(), offset)
        batch.acknowledge()
