"""What the transports share: an event is a batch of one partition, and acknowledgements form a chain per partition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import faust
from faust.events import Event
from faust.types import TP
from faust.types.tuples import ConsumerMessage, ack_lock
from mode.utils.futures import notify

from streams.crash import crash
from streams.transports.records import Received, Record


class Stale(Exception):
    """The batch was handed out before a seek or by an older assignment; it comes again, to whoever owns it now."""


class Publisher(Protocol):
    """What every transport's producer can do beside Faust's own interface. Everything raises when it fails."""

    async def publish(self, outputs: Mapping[str, Sequence[Record]]) -> None:
        """Write records by topic, durably; a topic's records are written before the next topic's become visible."""

    async def publish_batch(self, topic: str, partition: int, records: Sequence[Record]) -> int:
        """Write records to one partition, all or none, durably; returns the offset of the last."""


class Tail(Protocol):
    """A reader of a whole topic that belongs to no group."""

    async def poll(self) -> list[Received]:
        """The records of all partitions since the last poll, the first time from the beginning."""


class BatchMessage(ConsumerMessage):  # type: ignore[misc]
    """A message whose value is a list of Received and whose offset is that of the last one.

    `epoch` counts the seeks before it was handed out, `follows` is the offset of the batch handed out before it.
    """

    epoch: int
    follows: int | None


class BatchTopic(faust.Topic):  # type: ignore[misc]
    """A topic that passes batches on as they are, undecoded."""

    def _compile_decode(self) -> None:
        app = self.app

        async def decode(message: BatchMessage, *, propagate: bool = False) -> Event:
            return Event(app, None, message.value, None, message)

        self.decode = decode


class Chain:
    """A part of a consumer: hands out batches and accepts their acknowledgements in order only.

    Faust's own bookkeeping counts single offsets and can pass over a message in flight; here a batch must follow the
    last one acknowledged, or the worker ends. A seek voids everything that was handed out before it.
    """

    app: Any
    _acked: Any
    _read_offset: Any
    _unacked_messages: Any
    _waiting_for_ack: Any
    _n_acked: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._epoch = 0
        self._handed: dict[TP, int] = {}
        self._done: dict[TP, int] = {}
        super().__init__(*args, **kwargs)

    def batch_message(self, tp: TP, records: Sequence[Received]) -> BatchMessage:
        """The next batch of a partition as a Faust message."""
        last = records[-1]
        message = BatchMessage(
            tp.topic, tp.partition, last.offset, last.timestamp / 1000, 0, (), b"", records, None, 0, 0, tp,
            generation_id=self.app.consumer_generation_id,
        )  # fmt: skip
        message.epoch = self._epoch
        message.follows = self._handed.get(tp)
        self._handed[tp] = last.offset
        # Faust's loop drops what lies below its read mark; after a seek that races a fetch it would drop records
        # that nobody has processed.
        self._read_offset[tp] = None
        return message

    def may_hand_out(self, tp: TP) -> bool:
        """Whether a partition's batches would arrive: a rebalance ends with a seek, and after it Faust empties all queues."""
        return tp.topic in self.app.tables.changelog_topics or not self.app.rebalancing

    def must_own(self, message: BatchMessage) -> None:
        """Raise Stale for a batch that is no longer ours to process."""
        if message.epoch != self._epoch:
            raise Stale(f"{message.tp} {message.offset}")

    async def perform_seek(self) -> None:
        """Go back to what is committed; everything handed out before is void."""
        await super().perform_seek()  # type: ignore[misc]
        self._epoch += 1
        self._handed.clear()
        self._done.clear()
        self._acked.clear()

    def ack(self, message: BatchMessage) -> bool:
        """Accept a batch as done."""
        with ack_lock:
            if message.acked:
                return False
            message.acked = True
            self._unacked_messages.discard(message)
            notify(self._waiting_for_ack)
            if message.epoch != self._epoch or not self.app.topics.acks_enabled_for(message.topic):
                return False
            done = self._done.get(message.tp)
            if message.follows != done:
                crash(f"{message.tp}: the batch after {message.follows} was acknowledged, but only {done} is done")
            self._done[message.tp] = message.offset
            self._acked[message.tp] = [message.offset]
            self._n_acked += 1
            return True

    def _new_offset(self, tp: TP) -> int | None:
        acked = self._acked.get(tp)
        return acked[-1] + 1 if acked else None

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps need no account: offsets need not be consecutive."""
