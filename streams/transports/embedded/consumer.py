"""Reads the embedded log on the worker's own event loop: a read takes well under a millisecond and waits for no lock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from faust.transport import base
from faust.types import TP
from mode import Service

from streams.transports.batches import BatchMessage, Chain
from streams.transports.records import Received

POLL_SECONDS = 0.02  # between looks at the log while there is nothing to read
RECORDS_MAX = 2000  # read in one go, shared by the partitions that have something


class Consumer(Chain, base.Consumer):  # type: ignore[misc]
    """The only member of its group: it is assigned every partition, by Faust's own assignor."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._assigned: set[TP] = set()
        self._positions: dict[TP, int] = {}
        super().__init__(*args, **kwargs)

    async def on_start(self) -> None:
        """Make sure that there is no other worker."""
        self.transport.lock.claim()
        await super().on_start()

    # assignment

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Declare the topics and take all of their partitions."""
        await self.app.declare()
        for topic in list(self.app.topics):
            await topic.maybe_declare()
        await self.app.producer.declare(topics)  # those that nobody declared
        # The conductor waits for this method, and what follows waits for the conductor: hence a task.
        self.add_future(self._rebalance(set(topics)))

    async def _rebalance(self, topics: set[str]) -> None:
        app, assignor = self.app, self.app.assignor
        app.on_rebalance_start()
        if self._assigned:
            await self.on_partitions_revoked(self._assigned)
        assignment = assignor.assign(self.transport, {"worker": assignor.metadata(topics)})["worker"]
        assignor.on_assignment(assignment)
        self._assigned = {TP(topic, number) for topic, numbers in assignment.assignment for number in numbers}
        self._positions.clear()
        app.consumer_generation_id += 1
        await self.on_partitions_assigned(set(self._assigned), app.consumer_generation_id)

    def assignment(self) -> set[TP]:
        """All partitions."""
        return self._assigned

    def topic_partitions(self, topic: str) -> int | None:
        """How many partitions a topic has."""
        return len(self.transport.log.ids(topic)) or None

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int | None:
        """The partition of a key."""
        return self.transport.log.partition_of(topic, key) if partition is None else partition

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    # reading

    async def _wait_next_records(self, timeout: float) -> tuple[Any, set[TP]]:
        """As Faust's, which sleeps for a whole second when the queues of all partitions are full."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        active = self._get_active_partitions()
        return await self._getmany(active, timeout), active

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Mapping[TP, list[list[Received]]]:
        deadline = self.loop.time() + timeout
        while not (records := self._fetch(active_partitions or set())):
            if not self.flow_active or self.should_stop or self.loop.time() > deadline:
                break
            await asyncio.sleep(POLL_SECONDS)
        return records

    def _fetch(self, active: set[TP]) -> dict[TP, list[list[Received]]]:
        """One batch of each active partition that has something: a list of one list, as one message is made of it."""
        if not self.flow_active:
            return {}
        log, positions = self.transport.log, self._positions
        ends = log.ends()
        ready = [tp for tp in active if positions.get(tp, ends[tp]) < ends[tp] and self.may_hand_out(tp)]
        batches = {}
        for tp in ready:
            found = log.read(tp, positions[tp], max(1, RECORDS_MAX // len(ready)))
            positions[tp] = found[-1].offset + 1 if found else ends[tp]
            if found:
                batches[tp] = [found]
        return batches

    def _to_message(self, tp: TP, record: list[Received]) -> BatchMessage:
        return self.batch_message(tp, record)

    # positions

    async def seek_to_committed(self) -> dict[TP, int | None]:
        """Continue from what is committed; changelogs stay where recovery put them, nothing is committed for them."""
        committed = self.transport.log.committed(self.app.conf.id)
        streams = [tp for tp in self._assigned if not self._is_changelog_tp(tp)]
        self._positions.update({tp: committed.get(tp, 0) for tp in streams})
        return {tp: committed.get(tp) for tp in streams}

    async def _seek(self, partition: TP, offset: int) -> None:
        self._positions[partition] = offset

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Read on from these offsets."""
        self._positions.update(partitions)

    async def position(self, tp: TP) -> int | None:
        """The offset that is read next."""
        return self._positions.get(tp)

    def highwater(self, tp: TP) -> int:
        """The next offset of a partition; Faust asks for each message."""
        return self.transport.log.ends()[tp]  # type: ignore[no-any-return]

    async def highwaters(self, *partitions: TP) -> dict[TP, int]:
        """The next offset of each partition."""
        ends = self.transport.log.ends()
        return {tp: ends[tp] for tp in partitions}

    async def earliest_offsets(self, *partitions: TP) -> dict[TP, int]:
        """The oldest offset still kept of each partition."""
        return {tp: self.transport.log.start(tp) for tp in partitions}

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        await self.app.producer.flush()  # what an event sent is durable before the event counts as done
        if self.app.producer.failed:
            return False
        await self.transport.write("commit", self.app.conf.id, dict(offsets))
        return True

    async def create_topic(self, *args: Any, **kwargs: Any) -> None:
        """Create a topic unless it exists."""
        await self.app.producer.create_topic(*args, **kwargs)

    @Service.task  # type: ignore[untyped-decorator]
    async def _clean(self) -> None:
        async for _ in self.itertimer(self.transport.clean_seconds, name="clean"):
            await asyncio.to_thread(self.transport.clean)
