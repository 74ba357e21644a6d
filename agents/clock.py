"""Clock: ticks into every partition of the log, in rounds, saying how far each system has been heard.

Round r+1 is written only when every partition has folded round r. What was ingested before round s was written has
passed on h times, from partition to partition, before round s+1+h is folded; so round r may say what had been heard
when round r - ROUNDS_BACK was written, and no statement on its way makes a system look late.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from agents.progress import Place, Progress, heard_by_clock, heard_by_records, later
from models.log import Tick, encode
from streams import topics
from streams.app import App
from streams.crash import crash
from streams.envelope import envelope, identity
from streams.settings import ClockMode, Settings
from streams.transports.batches import Tail
from streams.transports.records import Record
from tables.state import State

HOPS = 8  # from partition to partition until a statement rests
ROUNDS_BACK = HOPS + 1
STALLED_SECONDS = 60.0
Now = Callable[[], datetime]
logger = structlog.get_logger(__name__)


def wall() -> datetime:
    """The machine's clock."""
    return datetime.fromtimestamp(time.time(), UTC)


def simulated(settings: Settings) -> Now:
    """A clock that begins at the settings' start, or now, and runs at their speed."""
    start, begun = settings.simulated_start or wall(), time.monotonic()
    return lambda: start + timedelta(seconds=(time.monotonic() - begun) * settings.simulated_speed)


class Clock:
    """Writes the ticks of the partitions that this worker owns.

    `now` is the present; for a simulated company it must be the time up to which everything has been sent.
    """

    def __init__(self, app: App, state: State, now: Now | None = None) -> None:
        self._app, self._state, self._settings = app, state, app.settings
        self._now = now or (simulated(app.settings) if app.settings.clock is ClockMode.SIMULATED else wall)
        self._tail: Tail | None = None
        self._progress = Progress(app.settings.partitions)
        self._written: dict[int, int] = {}  # the last round written to each owned partition
        self._samples: dict[int, dict[str, datetime]] = {}  # what had been heard when a round was written
        self._moved: dict[Place, tuple[tuple[int, int], float]] = {}  # since when end and ingested offset stand where they do
        self._quiet: set[Place] = set()
        self._busy_until = 0  # the round after which nothing is under way any more
        self._last = time.monotonic()
        self._stalled = False

    async def run(self) -> None:
        """Tick until the worker stops. A failure ends the worker: without ticks nothing is ever late."""
        try:
            while True:
                await asyncio.sleep(self._settings.tick_seconds)
                await self.step()
        except Exception as error:  # noqa: BLE001 - see above
            crash("clock", error)

    async def step(self) -> None:
        """Look once, and write the next round when it is time."""
        if self._tail is None:
            self._tail = self._app.tail(topics.PROGRESS)
        present = self._now()  # first: what is read afterwards holds all that was received before
        ends = await self._app.next_offsets(topics.SOURCES)
        for received in await self._tail.poll():
            self._progress.note(received)
        await self._round(present, ends)

    async def _round(self, present: datetime, ends: dict[Place, int]) -> None:
        """Write the next round to the owned partitions that do not have it, when it is time."""
        owned = self._state.partitions()
        self._written = {number: round_ for number, round_ in self._written.items() if number in owned}
        number = self._progress.complete + 1
        waiting = [partition for partition in owned if self._written.get(partition, 0) < number]
        idle = self._idle(ends, number)
        self._watch(owned, bool(waiting))
        if not waiting or not (self._busy(number) or self._elapsed() >= self._settings.tick_idle_seconds):
            return
        self._samples[number] = self._heard(present, ends, idle)
        self._samples = {round_: sample for round_, sample in self._samples.items() if round_ >= number - ROUNDS_BACK}
        heard = later(self._progress.heard, self._samples.get(number - ROUNDS_BACK, {}))
        await self._write(self._tick(present, heard, number), waiting)
        self._written.update(dict.fromkeys(waiting, number))
        self._last = time.monotonic()

    def _tick(self, present: datetime, heard: dict[str, datetime], number: int) -> Tick:
        if self._settings.clock is ClockMode.RECORDS:
            present = min(heard.values(), default=datetime.min.replace(tzinfo=UTC))
        return Tick(present, heard, number)

    async def _write(self, tick: Tick, partitions: list[int]) -> None:
        value = encode(tick)
        records = [
            Record(
                None,
                value,
                envelope(identity("tick", tick.round, partition, tick.at.isoformat()), "tick", tick.at, source="/tieout/clock"),
                partition,
            )
            for partition in partitions
        ]
        await self._app.publish({topics.STATEMENTS: records})

    def _heard(self, present: datetime, ends: dict[Place, int], idle: set[Place]) -> dict[str, datetime]:
        if self._settings.clock is ClockMode.RECORDS:
            return heard_by_records(ends, self._progress.ingested)
        return heard_by_clock(present, ends, self._progress.ingested, idle)

    def _idle(self, ends: dict[Place, int], number: int) -> set[Place]:
        """The partitions where nothing has moved for long enough; a simulated clock says itself that all was sent."""
        now = time.monotonic()
        after = 0.0 if self._settings.clock is ClockMode.SIMULATED else self._settings.idle_after_seconds
        for place, end in ends.items():
            known = self._progress.ingested.get(place)
            position = end, known.offset if known else 0
            if place not in self._moved or self._moved[place][0] != position:
                self._moved[place] = position, now
                self._busy_until = number + ROUNDS_BACK + 1
        idle = {place for place, (_, since) in self._moved.items() if now - since >= after}
        if idle != self._quiet:
            self._quiet = idle
            self._busy_until = number + ROUNDS_BACK + 1
        return idle

    def _busy(self, number: int) -> bool:
        return number <= self._busy_until

    def _elapsed(self) -> float:
        return time.monotonic() - self._last

    def _watch(self, owned: list[int], waiting: bool) -> None:
        """Say once when a round does not end, and once when it does: a partition that stalls holds all lateness back."""
        stalled = bool(owned) and not waiting and self._elapsed() > max(STALLED_SECONDS, 3 * self._settings.tick_idle_seconds)
        if stalled != self._stalled:
            self._stalled = stalled
            logger.warning(
                "clock.stalled" if stalled else "clock.resumed", round=self._progress.complete, partitions=self._progress.laggards()
            )
