"""A Faust transport without a broker: one worker, and the log in a directory, embedded:///path/to/directory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from faust.transport import base

from streams.transports.embedded.cleaning import clean
from streams.transports.embedded.consumer import Consumer
from streams.transports.embedded.lock import Lock
from streams.transports.embedded.log import Log, Place
from streams.transports.embedded.producer import Producer
from streams.transports.records import Received

CLEAN_SECONDS = 30.0
TAIL_RECORDS = 10_000


class Tail:
    """Reads a whole topic, outside of any group."""

    def __init__(self, log: Log, topic: str) -> None:
        self._log = log
        self._topic = topic
        self._positions: dict[int, int] = {}

    async def poll(self) -> list[Received]:
        """The records of all partitions since the last poll."""
        found: list[Received] = []
        ends = self._log.ends()
        for number in range(len(self._log.ids(self._topic))):
            end = ends.get((self._topic, number), 0)
            while (position := self._positions.get(number, 0)) < end:
                records = self._log.read((self._topic, number), position, TAIL_RECORDS)
                self._positions[number] = records[-1].offset + 1 if records else end
                found += records
        return found


class Transport(base.Transport):  # type: ignore[misc]
    """Options of the URL: `sync` is SQLite's synchronous setting, `clean` the seconds between two cleanings."""

    Consumer = Consumer
    Producer = Producer
    driver_version = "embedded"
    default_port = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        url = self.url[0]
        self.directory = Path((url.host or "") + url.path)
        self.lock = Lock(self.directory)
        self.clean_seconds = float(url.query.get("clean", CLEAN_SECONDS))
        self._synchronous = url.query.get("sync", "FULL")
        self.log = self._open()  # for reading, on the event loop
        self._writer = self._open()
        self._thread = ThreadPoolExecutor(1, "log-writer")

    def _open(self) -> Log:
        return Log(self.directory, self.app.conf.topic_partitions, self._synchronous)

    async def write(self, method: str, *args: Any) -> Any:
        """Call a method of the writer's log in the writer's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, getattr(self._writer, method), *args)

    def clean(self) -> None:
        """Compact and expire; called in a thread of its own."""
        log = self._open()
        try:
            clean(log)
        finally:
            log.close()

    def tail(self, topic: str) -> Tail:
        """A reader of a whole topic that belongs to no group."""
        return Tail(self.log, topic)

    async def next_offsets(self, topics: Iterable[str]) -> dict[Place, int]:
        """The offset that the next record of each partition of these topics will get."""
        wanted = set(topics)
        return {place: end for place, end in self.log.ends().items() if place[0] in wanted}

    def partitions_for_topic(self, topic: str) -> set[int]:
        """What Faust's assignor asks of a cluster."""
        return set(range(len(self.log.ids(topic))))
