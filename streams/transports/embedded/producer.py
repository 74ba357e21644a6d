"""Appends to the embedded log in another thread; what is sent during one transaction makes up the next."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from faust.transport import base
from faust.types import TP, RecordMetadata
from mode.utils.times import want_seconds

from streams.transports.records import Record


class _Pending(NamedTuple):
    records: list[tuple[str, Record]]
    places: asyncio.Future[list[tuple[tuple[str, int], int]]]


class Producer(base.Producer):  # type: ignore[misc]
    """One writer with group commit. A failed append blocks every later commit and crashes the app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pending: list[_Pending] = []
        self._newest: asyncio.Future[Any] | None = None
        self._writing: asyncio.Task[None] | None = None
        self.failed = False

    async def publish(self, outputs: Mapping[str, Sequence[Record]]) -> None:
        """Write all of it in one transaction."""
        records = [(topic, record) for topic, records in outputs.items() for record in records]
        if records:
            await self._append(records)

    async def publish_batch(self, topic: str, partition: int, records: Sequence[Record]) -> int:
        """Write records to one partition in one transaction; returns the offset of the last."""
        places = await self._append([(topic, record._replace(partition=partition)) for record in records])
        return places[-1][1]

    async def send(
        self, topic: str, key: bytes | None, value: bytes | None, partition: int | None, timestamp: float | None, headers: Any,
        *, transactional_id: str | None = None,
    ) -> asyncio.Future[RecordMetadata]:  # fmt: skip
        """Write one record; the future it returns is done already."""
        pairs = tuple(headers.items() if isinstance(headers, Mapping) else headers or ())
        milliseconds = int(timestamp * 1000) if timestamp else None
        [(place, offset)] = await self._append([(topic, Record(key, value, pairs, partition, milliseconds))])
        sent: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        sent.set_result(RecordMetadata(place[0], place[1], TP(*place), offset))
        return sent

    async def send_and_wait(self, *args: Any, **kwargs: Any) -> RecordMetadata:
        """Write one record."""
        return await (await self.send(*args, **kwargs))

    def send_soon(self, fut: Any) -> None:
        """Refused: a failure of something that nobody waits for would be lost."""
        raise TypeError("nothing is sent without waiting for it: use publish")

    async def _append(self, records: list[tuple[str, Record]]) -> list[tuple[tuple[str, int], int]]:
        if self.failed:
            raise RuntimeError("an earlier append failed; nothing more is written")
        pending = _Pending(records, asyncio.get_running_loop().create_future())
        self._newest = pending.places
        self._pending.append(pending)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await asyncio.shield(pending.places)

    async def _write(self) -> None:
        """Write until nothing is pending."""
        while self._pending and not self.failed:
            group, self._pending = self._pending, []
            try:
                places = await self.transport.write("append", [record for pending in group for record in pending.records])
            except Exception as error:  # noqa: BLE001 - a full disk, say: nothing of the group was written
                await self._fail(group, error)
                return
            start = 0
            for pending in group:
                end = start + len(pending.records)
                pending.places.set_result(places[start:end])
                start = end
        self._writing = None

    async def _fail(self, group: list[_Pending], error: Exception) -> None:
        self.failed = True  # from here on no offset is committed, and a restart repeats what was lost
        for pending in [*group, *self._pending]:
            pending.places.set_exception(error)
        self._pending = []
        await self.app.crash(error)

    async def flush(self) -> None:
        """Wait for what was sent until now; it becomes durable in the order in which it was sent."""
        if self._newest and not self._newest.done():
            await asyncio.wait([self._newest])

    async def declare(self, topics: Iterable[str]) -> None:
        """Create these topics unless they exist."""
        for topic in topics:
            await self.create_topic(topic, self.app.conf.topic_partitions, 1)

    async def create_topic(
        self, topic: str, partitions: int, replication: int,
        *, retention: Any = None, compacting: bool | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """Create a topic unless it exists. `retention` is in seconds, as everywhere in Faust."""
        retention_ms = int(want_seconds(retention) * 1000) if retention else None
        await self.transport.write("declare", topic, partitions, bool(compacting), retention_ms)

    def key_partition(self, topic: str, key: bytes) -> TP:
        """The partition of a key."""
        return TP(topic, self.transport.log.partition_of(topic, key))

    def supports_headers(self) -> bool:
        """It does."""
        return True
