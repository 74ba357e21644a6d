"""The clock: how far a source has been heard, and rounds in which nothing on its way makes a system look late."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.clock import HOPS, ROUNDS_BACK, Clock
from agents.progress import FoldedRound, Ingested, Progress, heard_by_clock, heard_by_records, record
from models.log import Tick, decode
from streams import topics
from streams.settings import ClockMode, Settings
from streams.transports.records import Received, Record

ZUORA = topics.source("zuora")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PARTITIONS = 3


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def ingested(*rows: tuple[int, int, datetime]) -> dict[tuple[str, int], Ingested]:
    return {(ZUORA, partition): Ingested(ZUORA, partition, offset, at) for partition, offset, at in rows}


def test_a_source_is_heard_up_to_its_newest_record() -> None:
    assert heard_by_clock(after(9), {(ZUORA, 0): 5}, ingested((0, 5, NOON)), set()) == {"zuora": NOON}


def test_a_source_that_is_fully_read_and_idle_is_heard_up_to_now() -> None:
    assert heard_by_clock(after(9), {(ZUORA, 0): 5}, ingested((0, 5, NOON)), {(ZUORA, 0)}) == {"zuora": after(9)}


def test_our_own_backlog_is_not_silence() -> None:
    ends = {(ZUORA, 0): 6, (ZUORA, 1): 1}
    assert heard_by_clock(after(9), ends, ingested((0, 5, NOON), (1, 1, after(3))), set(ends)) == {"zuora": NOON}


def test_a_source_never_seen_is_heard_never() -> None:
    assert heard_by_clock(after(9), {(ZUORA, 0): 0}, {}, {(ZUORA, 0)}) == {}


def test_a_source_of_which_a_partition_was_not_begun_is_not_heard() -> None:
    assert heard_by_clock(after(9), {(ZUORA, 0): 5, (ZUORA, 1): 1}, ingested((0, 5, NOON)), {(ZUORA, 0)}) == {}


def test_only_records_count_in_a_backfill() -> None:
    ends = {(ZUORA, 0): 5, (ZUORA, 1): 2}
    assert heard_by_records(ends, ingested((0, 5, NOON), (1, 2, after(7)))) == {"zuora": after(7)}
    assert heard_by_records(ends, ingested((0, 4, NOON), (1, 2, after(7)))) == {"zuora": NOON}


def test_a_round_is_complete_when_every_partition_has_folded_it() -> None:
    progress = Progress(2)
    for step in (FoldedRound(0, 4), FoldedRound(1, 2), FoldedRound(0, 3)):
        progress.note(Received(0, 0, None, record(step).value))

    assert (progress.complete, progress.laggards()) == (2, [1])


@dataclass
class World:
    """A log of several partitions, one source, and statements that pass through partitions until they rest."""

    chance: random.Random
    settings: Settings
    sent: list[datetime] = field(default_factory=list)  # the source's records
    begun: int = 0  # of them, ingested
    resting: set[int] = field(default_factory=set)  # numbers of the records whose statements rest
    logs: dict[int, list[Tick | tuple[int, int]]] = field(default_factory=dict)
    folded: dict[int, int] = field(default_factory=dict)
    progress: list[Received] = field(default_factory=list)
    unread: int = 0
    now: datetime = NOON
    heard: datetime = NOON - timedelta(days=1)

    # what the clock asks of the app and the state

    def tail(self, topic: str) -> World:
        self.unread = 0
        return self

    async def poll(self) -> list[Received]:
        found, self.unread = self.progress[self.unread :], len(self.progress)
        return found

    async def next_offsets(self, names: Sequence[str]) -> dict[tuple[str, int], int]:
        return {(ZUORA, 0): len(self.sent)}

    async def publish(self, outputs: Mapping[str, Sequence[Record]]) -> None:
        for one in outputs[topics.STATEMENTS]:
            tick = decode(one.value or b"")
            assert isinstance(tick, Tick)
            self.logs.setdefault(one.partition or 0, []).append(tick)

    def partitions(self) -> list[int]:
        return list(range(PARTITIONS))

    # what happens

    def say(self, step: Ingested | FoldedRound) -> None:
        self.progress.append(Received(len(self.progress), 0, None, record(step).value))

    def send(self) -> None:
        self.now += timedelta(minutes=1)
        self.sent.append(self.now)

    def ingest(self) -> None:
        if self.begun < len(self.sent):
            self.put((self.begun, self.chance.randint(0, HOPS - 1)))
            self.begun += 1
            self.say(Ingested(ZUORA, 0, self.begun, self.sent[self.begun - 1]))

    def put(self, statement: tuple[int, int]) -> None:
        self.logs.setdefault(self.chance.randrange(PARTITIONS), []).append(statement)

    def fold(self) -> None:
        partition = self.chance.randrange(PARTITIONS)
        at, log = self.folded.get(partition, 0), self.logs.get(partition, [])
        if at == len(log):
            return
        self.folded[partition] = at + 1
        entry = log[at]
        if isinstance(entry, Tick):
            self.listen(entry)
            self.say(FoldedRound(partition, entry.round, entry.heard))
        elif entry[1] == 0:
            self.resting.add(entry[0])
        else:
            self.put((entry[0], entry[1] - 1))

    def listen(self, tick: Tick) -> None:
        """Whatever was received up to what a tick says was heard must have come to rest."""
        self.heard = max(self.heard, tick.heard.get("zuora", self.heard))
        late = [number for number, at in enumerate(self.sent) if at <= self.heard and number not in self.resting]
        assert not late, f"round {tick.round} says {self.heard}, but records {late} are still on their way"


@pytest.mark.parametrize("seed", range(5))
def test_what_is_on_its_way_holds_the_heard_time_back(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    settings = Settings(data_dir=tmp_path, partitions=PARTITIONS, clock=ClockMode.SIMULATED)
    world = World(chance, settings)
    clock = Clock(world, world, lambda: world.now)  # type: ignore[arg-type]
    for turn in range(6000):
        if turn == 3000:  # another worker takes over; it has no samples of its own
            clock = Clock(world, world, lambda: world.now)  # type: ignore[arg-type]
        match chance.randrange(20):
            case 0:
                world.send()
            case 1 | 2:
                world.ingest()
            case 3:
                asyncio.run(clock.step())
            case _:
                world.fold()

    assert world.heard > NOON + timedelta(minutes=60), "it does move on"


def test_rounds_look_back_further_than_statements_travel() -> None:
    assert ROUNDS_BACK > HOPS
