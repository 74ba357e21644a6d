"""How a log is cut into batches leaves no trace: what is kept of a hundred entries is what is kept of each alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime

import pytest

from agents.replay import Replay
from models import correlation
from models.desk import Desk, Facts
from models.log import Entry, Say, Tick, decode, encode, route
from models.policy import default
from models.references import Ref
from models.statements import Notice
from tables.records import Records
from tests import spine

TICK_EVERY = 25  # entries
Line = tuple[Ref | None, Entry]


class Table:
    """A partition's table in a dict."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        return iter(sorted((key, value) for key, value in self.values.items() if key.startswith(prefix)))

    def fold(self, known: Facts, entries: list[Line]) -> list[Line]:
        """One batch; what it sends onward."""
        records = Records(self.values.get, self.scan)
        onward: list[Line] = []
        for key, entry in entries:
            desk = Desk(records, known)
            correlation.fold(desk, key, entry)
            onward += [(to, decode(encode(sent))) for to, sent in desk.onward]  # as it comes back from the log
        for where, value in records.flush().items():
            if value is None:
                self.values.pop(where, None)
            else:
                self.values[where] = value
        return onward


def told(log: list[Line]) -> list[Line]:
    """The log as it is read: entries of their own, whatever a fold did with those it was given."""
    return [(key, decode(encode(entry))) for key, entry in log]


def recorded(known: Facts, seed: int) -> tuple[Table, list[Line]]:
    """A shuffled story with one wrong digit as a log, its onward entries and a tick now and then in their places."""
    case = spine.SPINE["one_digit"][seed % len(spine.SPINE["one_digit"])]
    machine = Replay(spine.mappings(), default())
    said = [s for r in spine.shuffled(spine.with_value(case["event"], case["path"], case["value"]), seed) for s in machine._translate(r)]
    waiting: deque[Line] = deque(line for s in said for line in ([(None, s)] if isinstance(s, Notice) else route(s)))
    table, latest = Table(), datetime.min
    log: list[Line] = []
    while waiting:
        [(key, entry)] = told([waiting.popleft()])
        log += told([(key, entry)])
        if isinstance(entry, Say):
            latest = entry.at if latest == datetime.min else max(latest, entry.at)
        waiting.extendleft(reversed(table.fold(known, [(key, entry)])))
        if len(log) % TICK_EVERY == 0:
            waiting.appendleft((None, Tick(latest, dict.fromkeys(spine.SPINE["systems"], latest), len(log))))
    return table, log


@pytest.mark.parametrize("seed", range(4))
def test_any_batches_keep_the_same_bytes(seed: int) -> None:
    known = Facts(spine.mappings().organisations(), default(), hearing=True)
    one_by_one, log = recorded(known, seed)
    assert any(key.startswith(b"d\0") for key in one_by_one.values), "something is due at the end"
    for size in (3, 50, len(log)):
        table, entries = Table(), told(log)
        for start in range(0, len(log), size):
            table.fold(known, entries[start : start + size])
        assert table.values == one_by_one.values, f"batches of {size}"


def test_a_log_that_is_folded_twice_is_folded_once() -> None:
    """After a crash a batch may come again: each contract is as it was, and nothing more is due."""
    known = Facts(spine.mappings().organisations(), default(), hearing=True)
    table, log = recorded(known, 0)
    before = {key: value for key, value in table.values.items() if key[:1] in (b"n", b"m", b"d")}
    table.fold(known, [line for line in told(log) if not isinstance(line[1], Tick)])
    assert {key: value for key, value in table.values.items() if key[:1] in (b"n", b"m", b"d")} == before
