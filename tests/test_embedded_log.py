"""The embedded log: partitions as Kafka's clients choose them, offsets, cleaning, many writers, one worker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka.partitioner import DefaultPartitioner

from streams.transports.embedded.cleaning import CHUNK, TOMBSTONE_MS, clean
from streams.transports.embedded.lock import AlreadyRunning, Lock
from streams.transports.embedded.log import Log, PartitionsDiffer
from streams.transports.records import Record

ROOT = Path(__file__).parent.parent
APPENDER = """
import sys
from pathlib import Path
from streams.transports.embedded.log import Log, PartitionsDiffer
from streams.transports.records import Record
log = Log(Path(sys.argv[1]), 3)
for i in range(200):
    log.append([("t", Record(b"%d" % (i * 5 + j), sys.argv[2].encode())) for j in range(5)])
"""


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path, partitions=3)


def test_a_key_goes_where_kafkas_clients_send_it(log: Log) -> None:
    log.declare("t", 7)
    choose, numbers = DefaultPartitioner(), list(range(7))
    keys = [f"key-{i}-{'x' * (i % 13)}é".encode() for i in range(2000)]

    assert [log.partition_of("t", key) for key in keys] == [choose(key, numbers, numbers) for key in keys]
    # Java's murmur2 of "21" is -973932308 (org.apache.kafka.common.utils.UtilsTest)
    assert log.partition_of("t", b"21") == (-973932308 & 0x7FFFFFFF) % 7


def test_offsets_count_up_within_each_partition(log: Log) -> None:
    places = log.append([("t", Record(None, b"%d" % i, (), i % 3)) for i in range(9)])

    assert places == [(("t", i % 3), i // 3) for i in range(9)]
    assert log.ends()["t", 0] == 3
    assert [record.value for record in log.read(("t", 1), 1, 10)] == [b"4", b"7"]


def test_a_record_comes_back_as_it_was_written(log: Log) -> None:
    headers = (("ce_id", b"\x00\xff"), ("tenant", b"acme"), ("ce_id", b"again"))
    log.append([("t", Record(b"\x00k", b"\x00\xff", headers, 0, 1234)), ("t", Record(b"gone", None, (), 0))])

    first, second = log.read(("t", 0), 0, 10)

    assert first == (0, 1234, b"\x00k", b"\x00\xff", headers)
    assert (second.offset, second.key, second.value, second.headers) == (1, b"gone", None, ())


def test_a_read_is_bounded_in_bytes_and_never_empty(log: Log) -> None:
    log.append([("t", Record(None, b"x" * 1000, (), 0)) for _ in range(10)])

    assert len(log.read(("t", 0), 0, 10, bytes_max=2500)) == 3
    assert len(log.read(("t", 0), 0, 10, bytes_max=1)) == 1


def test_a_failed_append_leaves_nothing(log: Log) -> None:
    log.append([("t", Record(b"a", b"1"))])
    before = dict(log.ends())

    with pytest.raises(IndexError):
        log.append([("t", Record(b"b", b"2", (), 0)), ("t", Record(b"c", b"3", (), 99))])

    assert log.ends() == before


def test_the_number_of_partitions_cannot_be_changed(log: Log) -> None:
    log.declare("t", 3)
    log.declare("t", 3)

    with pytest.raises(PartitionsDiffer, match="t has 3 partitions, not 4"):
        log.declare("t", 4)


def test_what_another_process_appends_is_seen_without_reopening(tmp_path: Path, log: Log) -> None:
    log.declare("t", 3)
    assert log.ends()["t", 0] == 0

    Log(tmp_path).append([("t", Record(b"k", b"v", (), 0))])

    assert log.ends()["t", 0] == 1


def test_committed_offsets_are_remembered_by_reader(tmp_path: Path, log: Log) -> None:
    log.declare("t", 3)
    log.commit("worker", {("t", 0): 5, ("t", 2): 7})
    log.commit("worker", {("t", 0): 6})

    assert Log(tmp_path).committed("worker") == {("t", 0): 6, ("t", 2): 7}
    assert log.committed("another") == {}


def test_compaction_keeps_the_last_record_of_each_key(log: Log) -> None:
    log.declare("c", 1, compact=True)
    log.append([("c", Record(b"%d" % (i % 10), b"%d" % i)) for i in range(CHUNK + 100)])

    dropped = clean(log)

    kept = log.read(("c", 0), 0, CHUNK)
    assert dropped == CHUNK + 90
    assert [record.value for record in kept] == [b"%d" % i for i in range(CHUNK + 90, CHUNK + 100)]
    assert log.append([("c", Record(b"0", b"next"))]) == [(("c", 0), CHUNK + 100)]


def test_a_deletion_stays_for_a_day_and_the_last_record_for_ever(log: Log) -> None:
    log.declare("c", 1, compact=True)
    log.append([("c", Record(b"k", b"%d" % i, (), 0, 0)) for i in range(CHUNK)])
    log.append([("c", Record(b"k", None, (), 0, 0)), ("c", Record(b"last", None, (), 0, 0))])

    clean(log, now_ms=TOMBSTONE_MS)
    assert [record.key for record in log.read(("c", 0), 0, 10)] == [b"k", b"last"]

    log.append([("c", Record(b"other", b"%d" % i, (), 0, 0)) for i in range(CHUNK + 10)] + [("c", Record(b"end", None, (), 0, 0))])
    clean(log, now_ms=TOMBSTONE_MS + 1)
    assert [record.key for record in log.read(("c", 0), 0, 10)] == [b"other", b"end"]


def test_retention_drops_what_is_older_but_the_last(log: Log) -> None:
    log.declare("r", 1, retention_ms=1000)
    log.append([("r", Record(None, b"%d" % i, (), 0, i * 100)) for i in range(30)])

    assert clean(log, now_ms=3000) == 20
    assert log.start(("r", 0)) == 20
    clean(log, now_ms=100_000)
    assert log.start(("r", 0)) == 29


def test_two_processes_append_side_by_side(tmp_path: Path, log: Log) -> None:
    arguments = [[sys.executable, "-c", APPENDER, str(tmp_path), name] for name in ("one", "two")]
    writers = [subprocess.Popen(argument, cwd=ROOT) for argument in arguments]
    assert [writer.wait(30) for writer in writers] == [0, 0]

    for number in range(3):
        records = log.read(("t", number), 0, 10_000)
        assert [record.offset for record in records] == list(range(log.ends()["t", number]))
    assert sum(log.ends().values()) == 2000


def test_a_second_worker_is_refused_with_a_sentence(tmp_path: Path) -> None:
    first, second = Lock(tmp_path), Lock(tmp_path)
    first.claim()

    with pytest.raises(AlreadyRunning, match=r"another worker already runs on .*: stop it, or use another data directory"):
        second.claim()

    first.release()
    second.claim()
    second.release()
