"""The table comes back from its changelog, and an old state never replaces a newer one."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from streams import topics
from streams.settings import Settings
from streams.transports.records import Received, Record
from tables.store import FOLDED, PREFIX, REPAIR, Store, change, folded_of
from tests.toys import CHANGELOG, Toy, events


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    toy = Toy(tmp_path)
    yield toy
    toy.end()


def test_a_lost_database_is_recovered_from_the_changelog(toy: Toy) -> None:
    toy.log.append(events(0, 10_000))
    toy.start()
    toy.wait(toy.caught_up)
    toy.kill()
    [tables] = toy.folder.glob("tables/**/tables")
    shutil.rmtree(tables)
    toy.log.append(events(10_000, 1000))
    toy.start()
    toy.wait(toy.caught_up)
    toy.stop()

    toy.check()


def test_a_database_that_is_behind_catches_up(toy: Toy) -> None:
    toy.log.append(events(0, 3000))
    toy.start()
    toy.wait(toy.caught_up)
    toy.stop()
    [tables] = toy.folder.glob("tables/**/tables")
    shutil.copytree(tables, toy.folder / "old")
    toy.log.append(events(3000, 3000))
    toy.start()
    toy.wait(toy.caught_up)
    toy.stop()
    shutil.rmtree(tables)
    shutil.move(toy.folder / "old", tables)
    toy.start()
    toy.wait(toy.ready)
    toy.stop()

    assert toy.check() == 0, "nothing was folded again, as everything had been committed"


class Published:
    """Stands for the app: remembers what a repair publishes."""

    def __init__(self, folder: Path) -> None:
        self.settings = SimpleNamespace(cache_mebibytes=8)
        self.conf = SimpleNamespace(tabledir=folder)
        self.assignor = SimpleNamespace(assigned_actives=lambda: {TP(CHANGELOG, 0)}, assigned_standbys=set)
        self.records: list[Record] = []

    async def publish_batch(self, topic: str, partition: int, records: list[Record]) -> int:
        self.records += records
        return 100


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    table = SimpleNamespace(name="state", changelog_topic=SimpleNamespace(get_topic_name=lambda: CHANGELOG))
    store = Store("tieout-rocksdb://local", Published(tmp_path), table)
    yield store
    store.close([0])


def checkpoint(offset: int, folded: int, **values: bytes | None) -> list[Received]:
    """The changelog records of one checkpoint, from `offset` on."""
    records = [*(change(key.encode(), value, folded) for key, value in values.items()), change(FOLDED, b"", folded)]
    return [Received(offset + i, 0, record.key, record.value, record.headers) for i, record in enumerate(records)]


def recover(store: Store, *batches: list[Received]) -> None:
    events: list[Any] = [SimpleNamespace(message=SimpleNamespace(partition=0, value=batch)) for batch in batches]
    store.apply_changelog_batch(events, bytes, bytes)


def value(store: Store, key: bytes) -> bytes | None:
    stored = store.get(0, key)
    return None if stored is None else stored[PREFIX.size :]


def test_recovery_passes_over_what_a_late_writer_wrote(store: Store) -> None:
    recover(
        store, checkpoint(0, 10, a=b"a10", b=b"b10"), checkpoint(3, 30, a=b"a30", b=None), checkpoint(6, 20, a=b"a20", b=b"b20", c=b"c20")
    )

    assert (value(store, b"a"), value(store, b"b"), value(store, b"c")) == (b"a30", None, None)
    assert store.folded(0) == 30
    assert store.persisted_offset(TP(CHANGELOG, 0)) == 9


async def repair(store: Store) -> None:
    await store.on_recovery_completed({TP(CHANGELOG, 0)}, set())


def test_what_a_late_writer_hid_is_written_again(store: Store) -> None:
    recover(store, checkpoint(0, 30, a=b"a30", b=None), checkpoint(3, 20, a=b"a20", b=b"b20"))
    asyncio.run(repair(store))
    published = store.app.records

    assert {record.key: record.value and record.value[PREFIX.size :] for record in published} == {b"a": b"a30", b"b": None, FOLDED: b""}
    assert {folded_of(record.key, record.value, record.headers) for record in published} == {30}
    assert list(store.scan(0, REPAIR, REPAIR + b"\xff")) == []


def test_a_reader_of_only_the_compacted_rest_sees_the_newer_state(store: Store) -> None:
    recover(store, checkpoint(0, 30, a=b"a30"), checkpoint(2, 20, a=b"a20"))
    asyncio.run(repair(store))
    rest = [Received(100 + i, 0, r.key, r.value, r.headers) for i, r in enumerate(store.app.records)]
    store.reset_state()
    recover(store, rest)

    assert value(store, b"a") == b"a30"


def test_what_the_database_contains_is_not_applied_again(store: Store) -> None:
    store.write(0, [(b"a", change(b"a", b"mine", 50).value), (FOLDED, change(FOLDED, b"", 50).value)], offset=7)

    recover(store, checkpoint(5, 60, a=b"other"))

    assert value(store, b"a") == b"mine"


def test_records_of_another_partition_are_refused(store: Store) -> None:
    stray: Any = SimpleNamespace(message=SimpleNamespace(partition=3, value=checkpoint(0, 10, a=b"a")))
    store.apply_changelog_batch([stray], bytes, bytes)

    assert not store.path(3).exists()


def test_a_record_that_is_not_ours_is_an_error() -> None:
    with pytest.raises(ValueError, match="not a record of the state table"):
        folded_of(b"key", None, ())


def test_every_topic_of_the_table_has_the_same_number_of_partitions() -> None:
    specs = topics.specs(Settings(partitions=6))
    assert {spec.partitions for spec in specs if spec.name != topics.PROGRESS} == {6}
