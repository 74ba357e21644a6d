"""What one event costs does not grow with the age of its contract: time, bytes read and written, and never a scan."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from functools import cache
from statistics import median
from time import perf_counter

import pytest

from models.desk import Facts
from models.outputs import Output
from models.statements import Statement
from tables.records import Records
from tests.histories import bill, bills, facts, fold, life, renewal

BILLS_MEASURED = 6
ROUNDS = 5


class Store:
    """A partition's table in a dict; counts bytes, keys and scans."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.bytes_moved = 0
        self.keys_read = 0
        self.scans = 0

    def get(self, key: bytes) -> bytes | None:
        value = self.values.get(key)
        self.keys_read += 1
        self.bytes_moved += len(value or b"")
        return value

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        self.scans += 1
        return iter(sorted((key, value) for key, value in self.values.items() if key.startswith(prefix)))

    def fold(self, known: Facts, statement: Statement) -> list[Output]:
        """One event as a batch of its own: read, decode, fold, encode, write."""
        records = Records(self.get, self.scan)
        outputs = fold(records, known, statement)
        for key, value in records.flush().items():
            self.bytes_moved += len(key) + len(value or b"")
            if value is None:
                self.values.pop(key, None)
            else:
                self.values[key] = value
        return outputs


@cache
def grown(documents: int, ordered: bool) -> dict[bytes, bytes]:
    """The table after a life of so many documents, in which nothing went wrong."""
    store, known = Store(), facts()
    for statement in life(documents, ordered):
        alerts = [output for output in store.fold(known, statement) if output.kind == "alert"]
        assert not alerts, f"{statement.id}: a history without a fault raised {alerts}"
    return store.values


def events(documents: int, ordered: bool) -> list[Statement]:
    """The next bills of a contract of this size, with all that belongs to each."""
    first = bills(documents)
    return [statement for number in range(first, first + BILLS_MEASURED) for statement in bill(number, ordered)]


def on_top(documents: int, ordered: bool) -> Store:
    store = Store()
    store.values = dict(grown(documents, ordered))
    return store


def bytes_an_event(documents: int, ordered: bool) -> float:
    store, known = on_top(documents, ordered), facts()
    following = events(documents, ordered)
    for statement in following:
        store.fold(known, statement)
    assert store.scans == 0, "only joining two contracts may scan, never one more event of one contract"
    return store.bytes_moved / len(following)


def seconds_an_event(documents: int, ordered: bool) -> float:
    """The median time of one more event; the best of a few rounds, for others use this machine too."""
    best, known = [], facts()
    for _ in range(ROUNDS):
        store, times = on_top(documents, ordered), []
        gc.collect()
        for statement in events(documents, ordered):
            started = perf_counter()
            store.fold(known, statement)
            times.append(perf_counter() - started)
        best.append(median(times))
    return min(best)


@pytest.mark.parametrize("ordered", [False, True], ids=["elements of invoices", "elements of the subscription"])
def test_a_thousand_documents_move_at_most_twice_the_bytes_of_ten(ordered: bool) -> None:
    few, many = bytes_an_event(10, ordered), bytes_an_event(1000, ordered)
    assert many <= 2 * few, f"{few:.0f} bytes an event at 10 documents, {many:.0f} at 1,000"


@pytest.mark.parametrize("ordered", [False, True], ids=["elements of invoices", "elements of the subscription"])
def test_a_thousand_documents_take_at_most_twice_the_time_of_ten(ordered: bool) -> None:
    few, many = seconds_an_event(10, ordered), seconds_an_event(1000, ordered)
    assert many <= 2 * few, f"{few * 1e6:.0f} us an event at 10 documents, {many * 1e6:.0f} us at 1,000"


def test_the_number_of_records_read_does_not_depend_on_age() -> None:
    """Each event reads its own node and page, the nodes above, the head and the months of its line."""
    read = {}
    for documents in (10, 1000):
        store, known = on_top(documents, False), facts()
        for statement in events(documents, False):
            store.fold(known, statement)
        read[documents] = store.keys_read
    assert read[1000] <= 1.2 * read[10]


def test_a_renewal_of_an_old_contract_reads_its_term_not_its_life() -> None:
    """The head grows by a quote and a segment of each charge a year; the families read again are those in force."""
    read = {}
    for years in (2, 4):
        store, known = on_top(years * 12 * 4 * 6, False), facts()
        for statement in renewal(years):
            store.fold(known, statement)
        read[years] = store.keys_read
    assert read[4] <= 1.2 * read[2]


@pytest.mark.slow
def test_figures(capsys: pytest.CaptureFixture[str]) -> None:
    """What stands in the README; at 10,000 documents the contract is 34 years old and has as many renewals in its head."""
    sizes = (10, 100, 1000, 10_000)
    figures = {n: (seconds_an_event(n, False) * 1e6, bytes_an_event(n, False)) for n in sizes}
    with capsys.disabled():
        for documents, (micros, moved) in figures.items():
            print(f"\n{documents:6d} documents: {micros:.0f} us, {moved:.0f} bytes an event", end="")
    assert figures[10_000][0] <= 10 * figures[10][0]
