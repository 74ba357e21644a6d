"""A durable, partitioned log in one SQLite file, which several processes may read and append to.

A record's row id is its partition's id and its offset packed together, so that the records of a partition lie side by
side in the order of their offsets, and reading from an offset is a scan of neighbouring rows.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
from aiokafka.partitioner import DefaultPartitioner

from streams.transports.records import Headers, Received, Record

Place = tuple[str, int]  # topic and partition; equal to Faust's TP
Row = tuple[int, int, bytes | None, bytes | None, bytes | None]

FILE_NAME = "log.sqlite"
OFFSET_BITS = 40  # a million million records a partition
OFFSET_MASK = (1 << OFFSET_BITS) - 1
PARTITIONS = 8  # of a topic that nobody declared
EVERYTHING_BATCH = 1000  # records
READ_BYTES_MAX = 1024 * 1024  # as much as one fetch of a Kafka client
BUSY_SECONDS = 60.0  # how long another process may hold the log before an append fails

SCHEMA = """
CREATE TABLE IF NOT EXISTS topic(
    name TEXT PRIMARY KEY, partitions INT NOT NULL, compact INT NOT NULL, retention_ms INT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS partition(
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, number INT NOT NULL, next INT NOT NULL DEFAULT 0,
    cleaned INT NOT NULL DEFAULT 0, kept INT NOT NULL DEFAULT 0, UNIQUE(topic, number));
CREATE TABLE IF NOT EXISTS record(
    id INTEGER PRIMARY KEY, time INT NOT NULL, key BLOB, value BLOB, headers BLOB);
CREATE TABLE IF NOT EXISTS progress(
    reader TEXT, partition INT, offset INT NOT NULL, PRIMARY KEY(reader, partition)) WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS history AS
    SELECT topic, number AS partition, record.id & 0xffffffffff AS offset, time, key, value
    FROM record JOIN partition ON partition.id = record.id >> 40;
"""

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Headers).decode


class PartitionsDiffer(ValueError):
    """A topic exists with another number of partitions than is asked for; keys would go elsewhere from now on.

    Operator action: set TIEOUT_PARTITIONS back, or begin with an empty data directory and send the events again.
    """


class Log:
    """One connection to the log; a thread or process that uses the log holds its own.

    `synchronous` is SQLite's: FULL survives the loss of power, NORMAL the death of the process only.
    """

    def __init__(self, directory: Path, partitions: int = PARTITIONS, synchronous: str = "FULL") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.partitions = partitions
        self._partitioner = DefaultPartitioner()
        self._ids: dict[str, list[int]] = {}  # of a topic's partitions, by number
        self._version: int | None = None
        self._ends: dict[Place, int] = {}
        self.db = sqlite3.connect(directory / FILE_NAME, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute(f"PRAGMA synchronous={synchronous}")
        with self.transaction():
            for statement in SCHEMA.split(";"):
                self.db.execute(statement)

    def close(self) -> None:
        """Close the connection; the log stays."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of what is written inside; waits while another process writes."""
        self.db.execute("BEGIN IMMEDIATE")
        self._version = None  # data_version does not change with our own writes
        try:
            yield
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise

    # topics

    def declare(self, topic: str, partitions: int, compact: bool = False, retention_ms: int | None = None) -> None:
        """Create a topic unless it exists; what exists is left as it is. Raises PartitionsDiffer."""
        with self.transaction():
            made = self.db.execute("INSERT OR IGNORE INTO topic VALUES (?,?,?,?)", (topic, partitions, compact, retention_ms))
            if made.rowcount:
                numbers = [(topic, number) for number in range(partitions)]
                self.db.executemany("INSERT INTO partition(topic, number) VALUES (?,?)", numbers)
        if len(self.ids(topic)) != partitions:
            raise PartitionsDiffer(f"{topic} has {len(self.ids(topic))} partitions, not {partitions}: their number cannot be changed")

    def topics(self) -> list[str]:
        """The names of all topics."""
        return [name for (name,) in self.db.execute("SELECT name FROM topic ORDER BY name")]

    def ids(self, topic: str) -> list[int]:
        """The row-id prefix of each partition of a topic; empty for a topic that does not exist."""
        ids = self._ids.get(topic)
        if not ids:
            rows = self.db.execute("SELECT id FROM partition WHERE topic=? ORDER BY number", (topic,))
            ids = self._ids[topic] = [id_ for (id_,) in rows]
        return ids

    def partition_of(self, topic: str, key: bytes | None) -> int:
        """The partition of a key, the one that Kafka's clients choose."""
        numbers = list(range(len(self.ids(topic))))
        return int(self._partitioner(key, numbers, numbers))

    # records

    def append(self, records: Iterable[tuple[str, Record]]) -> list[tuple[Place, int]]:
        """Append (topic, record) pairs in one transaction; returns the place and offset of each, in order."""
        records = list(records)
        for topic in {topic for topic, _ in records}:
            if not self.ids(topic):
                self.declare(topic, self.partitions)
        with self.transaction():
            return self._append(records)

    def _append(self, records: list[tuple[str, Record]]) -> list[tuple[Place, int]]:
        now_ms, ends, rows, places = int(time.time() * 1000), {}, [], []
        for topic, (key, value, headers, number, timestamp) in records:
            if number is None:
                number = self.partition_of(topic, key)
            id_ = self.ids(topic)[number]
            if id_ not in ends:
                (ends[id_],) = self.db.execute("SELECT next FROM partition WHERE id=?", (id_,)).fetchone()
            offset = ends[id_]
            ends[id_] = offset + 1
            time_ms = now_ms if timestamp is None else timestamp
            rows.append((id_ << OFFSET_BITS | offset, time_ms, key, value, _pack(headers) if headers else None))
            places.append(((topic, number), offset))
        self.db.executemany("INSERT INTO record VALUES (?,?,?,?,?)", rows)
        self.db.executemany("UPDATE partition SET next=? WHERE id=?", [(end, id_) for id_, end in ends.items()])
        return places

    def read(self, place: Place, offset: int, limit: int, bytes_max: int = READ_BYTES_MAX) -> list[Received]:
        """At most `limit` records from `offset` on, and no more once they hold `bytes_max`; at least one if there is one."""
        first = self.ids(place[0])[place[1]] << OFFSET_BITS
        rows: Iterator[Row] = self.db.execute(
            "SELECT id, time, key, value, headers FROM record WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?",
            (first | offset, first | OFFSET_MASK, limit),
        )
        found, size = [], 0
        for id_, time_ms, key, value, headers in rows:
            found.append(Received(id_ & OFFSET_MASK, time_ms, key, value, _unpack(headers) if headers else ()))
            size += len(value or b"")
            if size >= bytes_max:
                break
        return found

    def everything(self, topic: str) -> Iterator[tuple[int, Received]]:
        """All records of a topic, each with its partition, partition by partition."""
        for number in range(len(self.ids(topic))):
            offset = 0
            while batch := self.read((topic, number), offset, EVERYTHING_BATCH):
                yield from ((number, record) for record in batch)
                offset = batch[-1].offset + 1

    def ends(self) -> dict[Place, int]:
        """The offset that the next record of each partition will get; cheap while nothing was appended."""
        # data_version changes when another connection has written: asked every few milliseconds, it costs nothing.
        (version,) = self.db.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._ends = self._read_ends()
            self._version = version
        return self._ends

    def _read_ends(self) -> dict[Place, int]:
        rows = self.db.execute("SELECT topic, number, next FROM partition")
        return {(topic, number): end for topic, number, end in rows}

    def start(self, place: Place) -> int:
        """The offset of the oldest record still kept, or the end."""
        records = self.read(place, 0, 1)
        return records[0].offset if records else self._read_ends()[place]

    # progress of readers

    def commit(self, reader: str, offsets: Mapping[Place, int]) -> None:
        """Remember the offset that `reader` reads next, by partition."""
        with self.transaction():
            self.db.executemany(
                "INSERT OR REPLACE INTO progress VALUES (?,?,?)",
                [(reader, self.ids(topic)[number], offset) for (topic, number), offset in offsets.items()],
            )

    def committed(self, reader: str) -> dict[Place, int]:
        """The offset that `reader` reads next, for the partitions it has committed."""
        rows = self.db.execute("SELECT topic, number, offset FROM progress JOIN partition ON id=partition WHERE reader=?", (reader,))
        return {(topic, number): offset for topic, number, offset in rows}
