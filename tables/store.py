"""The RocksDB store behind the one table: opened with bounded memory, recovered with a guard, closed on revoke."""

from __future__ import annotations

import asyncio
import shutil
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import rocksdict
from faust.stores import STORES, base
from faust.types import TP

from streams.crash import crash
from streams.transports.records import Headers, Received, Record

STORE_URL = "tieout-rocksdb://local"  # a URL without host or path counts as none
STORES.aliases["tieout-rocksdb"] = "tables.store:Store"

SCHEMA_VERSION = 1
PREFIX = struct.Struct(">qH")  # of every value: the log offset it has folded, and the version of its schema
FOLDED_HEADER = "tieout_folded"

# Keys that begin with a zero byte are ours; the typed views never use them.
OWN = b"\x00"
FOLDED = OWN + b"folded"  # the last record of every checkpoint: up to where the partition's log has been folded
OFFSET = OWN + b"offset"  # the changelog offset that this database contains; the only key that is not in the changelog
REPAIR = OWN + b"repair/"

WRITE_BUFFER_BYTES = 8 * 1024 * 1024  # of each partition; two of them
OPEN_FILES_MAX = 256  # of each partition
BLOOM_BITS = 10
LOCK_TRIES = 60
LOCK_WAIT_SECONDS = 0.5


def pack(folded: int, value: bytes) -> bytes:
    """A value as it is stored."""
    return PREFIX.pack(folded, SCHEMA_VERSION) + value


def folded_of(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """The log offset that a changelog record has folded; raises ValueError for one that is not ours."""
    data = value if value is not None else next((data for name, data in headers if name == FOLDED_HEADER), b"")
    if not key or len(data) < PREFIX.size:
        raise ValueError(f"not a record of the state table: {key!r}")
    folded: int = PREFIX.unpack_from(data)[0]
    return folded


def change(key: bytes, value: bytes | None, folded: int) -> Record:
    """The changelog record of a write, or of a deletion, whose offset stands in a header."""
    if value is None:
        return Record(key, None, ((FOLDED_HEADER, pack(folded, b"")),))
    return Record(key, pack(folded, value))


class Store(base.Store):  # type: ignore[misc]
    """One database per partition. Written by checkpoints and by recovery only.

    Recovery never lets an older state replace a newer one. Every checkpoint ends with a record that says up to which
    offset the partition's log has been folded. A worker that was paused and lost its partition writes, when it wakes
    up, checkpoints whose offset is behind that: they are passed over, and what they hid is written once more.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open: dict[int, Any] = {}
        self._cache = rocksdict.Cache(self.app.settings.cache_mebibytes * 1024 * 1024)

    # databases

    def path(self, partition: int) -> Path:
        """The folder of a partition's database."""
        return Path(self.app.conf.tabledir) / f"{self.table_name}-{partition}.db"

    def database(self, partition: int) -> Any:
        """The partition's database, opened when it is not open yet."""
        found = self._open.get(partition)
        if found is None:
            path = self.path(partition)
            path.parent.mkdir(parents=True, exist_ok=True)
            found = self._open[partition] = rocksdict.Rdict(str(path), options=self._options())
        return found

    def _options(self) -> Any:
        """Explicit each time: RocksDB forgets them when it reopens, and the binding's defaults take gibibytes."""
        blocks = rocksdict.BlockBasedOptions()
        blocks.set_block_cache(self._cache)
        blocks.set_bloom_filter(BLOOM_BITS, block_based=False)
        blocks.set_cache_index_and_filter_blocks(True)
        blocks.set_pin_l0_filter_and_index_blocks_in_cache(True)
        options = rocksdict.Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_block_based_table_factory(blocks)
        options.set_write_buffer_size(WRITE_BUFFER_BYTES)
        options.set_max_write_buffer_number(2)
        options.set_max_open_files(OPEN_FILES_MAX)
        options.set_compression_type(rocksdict.DBCompressionType.lz4())
        options.set_keep_log_file_num(2)
        return options

    def close(self, partitions: Iterable[int]) -> None:
        """Close databases now: the next owner cannot open one that the garbage collector has yet to close."""
        for partition in partitions:
            database = self._open.pop(partition, None)
            if database is not None:
                database.close()

    async def on_stop(self) -> None:
        """Close everything."""
        self.close(list(self._open))

    def reset_state(self) -> None:
        """Delete the table's databases; the changelog restores them."""
        self.close(list(self._open))
        for path in Path(self.app.conf.tabledir).glob(f"{self.table_name}-*.db"):
            shutil.rmtree(path)

    # reading and writing

    def get(self, partition: int, key: bytes) -> bytes | None:
        """The value of a key, as it is stored."""
        value: bytes | None = self.database(partition).get(key)
        return value

    def scan(self, partition: int, start: bytes, end: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values from `start` up to but not including `end`, in order."""
        options = rocksdict.ReadOptions()
        if end is not None:
            options.set_iterate_upper_bound(end)
        iterator = self.database(partition).iter(options)
        iterator.seek(start)
        while iterator.valid():
            yield iterator.key(), iterator.value()
            iterator.next()

    def write(self, partition: int, changes: Iterable[tuple[bytes, bytes | None]], offset: int) -> None:
        """Apply changes together with the changelog offset that they were written at, all or none."""
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, value in changes:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(OFFSET, str(offset).encode())
        self.database(partition).write(batch)

    def folded(self, partition: int) -> int:
        """Up to which offset the partition's log has been folded; -1 for nothing yet."""
        value = self.get(partition, FOLDED)
        return -1 if value is None else int(PREFIX.unpack_from(value)[0])

    # what Faust's recovery asks for

    def persisted_offset(self, tp: TP) -> int | None:
        """The changelog offset that the database contains."""
        value = self.get(tp.partition, OFFSET)
        return None if value is None else int(value)

    def set_persisted_offset(self, tp: TP, offset: int) -> None:
        """Refused: the offset is written together with what it speaks of."""
        raise TypeError("the offset is written by checkpoints and recovery only")

    def apply_changelog_batch(self, batch: Iterable[Any], to_key: Callable[..., Any], to_value: Callable[..., Any]) -> None:
        """Recover from batches of the changelog. Any failure ends the worker: Faust would log it and skip the records."""
        try:
            for event in batch:
                self._recover(event.message.partition, event.message.value)
        except Exception as error:  # noqa: BLE001 - see above
            crash("recovery", error)

    def _recover(self, partition: int, records: Iterable[Received]) -> None:
        if partition not in self._assigned():
            return  # Faust hands over what was fetched before the partition was taken away
        contained = self.persisted_offset(TP("", partition))
        fresh = [r for r in records if contained is None or r.offset > contained]
        if fresh:
            self.write(partition, self._newer(self.folded(partition), fresh), fresh[-1].offset)

    def _newer(self, mark: int, records: list[Received]) -> Iterator[tuple[bytes, bytes | None]]:
        """The changes to apply, and notes of what a late writer hid from whoever reads the compacted changelog."""
        for record in records:
            key = record.key or b""
            folded = folded_of(key, record.value, record.headers)
            if folded < mark:
                yield REPAIR + key, b""
                continue
            yield key, record.value
            if key == FOLDED:
                mark = folded

    def _assigned(self) -> set[int]:
        assignor = self.app.assignor
        topic = self.table.changelog_topic.get_topic_name()
        return {tp.partition for tp in assignor.assigned_actives() | assignor.assigned_standbys() if tp.topic == topic}

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Write again what a late writer hid. A failure ends the worker: Faust would not notice it."""
        try:
            for tp in active_tps:
                await self._repair(tp.partition)
        except Exception as error:  # noqa: BLE001 - see above
            crash("repair after recovery", error)

    async def _repair(self, partition: int) -> None:
        notes = [note for note, _ in self.scan(partition, REPAIR, REPAIR + b"\xff")]
        if not notes:
            return
        # Stamped with the partition's own offset: what these keys hold has not changed up to there.
        mark = self.folded(partition)
        keys = sorted({note[len(REPAIR) :] for note in notes}, key=lambda key: key == FOLDED)
        values = {key: self.get(partition, key) for key in keys}
        records = [change(key, None if value is None else value[PREFIX.size :], mark) for key, value in values.items()]
        offset = await self.app.publish_batch(self.table.changelog_topic.get_topic_name(), partition, records)
        self.write(partition, [*((r.key or b"", r.value) for r in records), *((note, None) for note in notes)], offset)

    async def need_active_standby_for(self, tp: TP) -> bool:
        """Always: no two workers share a folder."""
        return True

    async def on_rebalance(self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0) -> None:
        """Close what was taken away and open what was given."""
        topic = self.table.changelog_topic.get_topic_name()
        self.close(tp.partition for tp in revoked if tp.topic == topic)
        for tp in sorted(newly_assigned):
            if tp.topic == topic:
                await self._open_when_free(tp.partition)

    async def _open_when_free(self, partition: int) -> None:
        """Open a database; a worker that ends on the same machine may hold its lock a little longer."""
        for attempt in range(LOCK_TRIES):
            try:
                self.database(partition)
                return
            except Exception as error:  # rocksdict raises nothing narrower
                if "lock" not in str(error).lower() or attempt == LOCK_TRIES - 1:
                    raise
                await asyncio.sleep(LOCK_WAIT_SECONDS)

    async def backup_partition(self, tp: Any, flush: bool = True, purge: bool = False, keep: int = 1) -> None:
        """Not needed: the changelog is the copy."""
        raise NotImplementedError("the changelog is the copy")

    def restore_backup(self, tp: Any, latest: bool = True, backup_id: int = 0) -> None:
        """Not needed: the changelog is the copy."""
        raise NotImplementedError("the changelog is the copy")


def writes_of(records: Iterable[Record]) -> Mapping[bytes, bytes | None]:
    """What a checkpoint's changelog records put into the database."""
    return {record.key or b"": record.value for record in records}
