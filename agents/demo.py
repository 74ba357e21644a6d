"""Demo: the worker on the embedded log with a simulated company, in one process; at the end what was injected and found."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from agents.score import Score, score
from agents.serving import PartitionReader
from agents.simulator import History, history
from agents.simulator.history import write
from agents.simulator.scenario import MONTHS, START
from agents.worker import build
from models.summary import AlertRow
from streams import topics
from streams.app import App
from streams.crash import crash
from streams.settings import ClockMode, Settings
from streams.transports.embedded.log import Log
from streams.transports.records import Record
from tables.records import Records

STEP_SECONDS = 0.1
LAG_MAX = 4000  # native records sent and not ingested yet, above which the company waits
DRAIN_SECONDS_MAX = 300.0
PARTITIONS = 2  # one process gains nothing from more, and each round of ticks visits them all


@dataclass(frozen=True)
class Company:
    """What is simulated: kept in the folder, so that running again resumes the same company."""

    seed: int
    contracts: int
    faults: int

    def history(self) -> History:
        """The company's native records."""
        return history(self.seed, self.contracts, START, MONTHS, self.faults)


class Feeder:
    """Sends the company's records at their time, and is the clock: the time up to which all was sent."""

    def __init__(self, app: App, company: Company, seconds: float, keep: bool) -> None:
        self._app, self._keep = app, keep
        self.history = company.history()
        self._log = Log(app.settings.log_dir)
        self.sent = sum(end for (topic, _), end in self._log.ends().items() if topic in topics.SOURCES)
        first = self.history.events[0].received_at
        self._at = self.history.events[self.sent - 1].received_at if 0 < self.sent <= len(self.history.events) else first
        self.heard = first  # up to when what is late has been said
        self._speed = (self.history.until - first) / max(seconds, 1.0)

    def now(self) -> datetime:
        """The simulated present."""
        return self._at

    async def run(self) -> None:
        """Feed the history, let the clock run on, wait until everything has been folded, and end unless told to stay."""
        try:
            while not self._app.folded_state.partitions():
                await asyncio.sleep(STEP_SECONDS)
            while self.sent < len(self.history.events) or self._at < self.history.until:
                await self._step()
                await asyncio.sleep(STEP_SECONDS)
            await self._drain()
            if not self._keep:
                os.kill(os.getpid(), signal.SIGTERM)
        except Exception as error:  # noqa: BLE001 - a demo whose company has died shows nothing
            crash("demo", error)

    async def _step(self) -> None:
        self.heard = self._heard()
        if self._lag() > LAG_MAX:
            return
        target = min(self._at + self._speed * STEP_SECONDS, self.history.until)
        due: dict[str, list[Record]] = {}
        while self.sent < len(self.history.events) and self.history.events[self.sent].received_at <= target:
            event = self.history.events[self.sent]
            headers = tuple((name, value.encode()) for name, value in self.history.headers[event.system].items())
            stamp = int(event.received_at.timestamp()) * 1000
            due.setdefault(topics.source(event.system), []).append(Record(event.contract.encode(), event.payload, headers, None, stamp))
            self.sent += 1
        await self._app.publish(due)
        self._at = target

    def _heard(self) -> datetime:
        """Up to when every partition has heard every system that has spoken; the beginning of the history before that."""
        first = self.history.events[0].received_at
        systems = {event.system for event in self.history.events[: self.sent]}
        heards = [records.heard().heard for records in partitions(self._app)]
        return max(first, min((min((h.get(s, first) for s in systems), default=first) for h in heards), default=first))

    def _lag(self) -> int:
        done = self._log.committed(self._app.conf.id)
        return sum(end - done.get(place, 0) for place, end in self._log.ends().items() if place[0] in topics.SOURCES)

    async def _drain(self) -> None:
        """Wait until every partition has heard every system up to the end."""
        deadline = time.monotonic() + DRAIN_SECONDS_MAX
        while time.monotonic() < deadline:
            self.heard = self._heard()
            if self.heard >= self._at:
                return
            await asyncio.sleep(STEP_SECONDS)
        raise TimeoutError(f"not everything was folded within {DRAIN_SECONDS_MAX:.0f} s")


def partitions(app: App) -> list[Records]:
    """The records of each partition that this worker owns."""
    return PartitionReader(app.folded_state).partitions()


def open_alerts(app: App) -> list[AlertRow]:
    """The open alerts of all partitions."""
    return [row for records in partitions(app) for row in records.alerts()]


def company_in(folder: Path, wanted: Company) -> Company:
    """The company that this folder already holds, else the wanted one, which is noted there with its mapping."""
    known = folder / "company.json"
    if known.exists():
        return Company(**json.loads(known.read_text("utf-8")))
    folder.mkdir(parents=True, exist_ok=True)
    write(wanted.history(), folder / "company")
    known.write_text(json.dumps(wanted.__dict__), "utf-8")
    return wanted


def prepare(settings: Settings, company: Company, seconds: float, keep: bool) -> tuple[App, Feeder]:
    """The app with its agents and the company as one more task."""
    told = settings.model_copy(
        update={
            "clock": ClockMode.SIMULATED,
            "mapping": [settings.data_dir / "company" / "mapping.yaml"],
            "broker": f"embedded://{settings.log_dir}?sync=NORMAL",
            "partitions": PARTITIONS,
            "tick_seconds": 0.01,
            "tick_idle_seconds": 0.05,
        }
    )
    feeders: list[Feeder] = []
    app = build(told, lambda: feeders[0].now())
    feeders.append(Feeder(app, company, seconds, keep))
    app.task(feeders[0].run)
    return app, feeders[0]


def result(settings: Settings, feeder: Feeder) -> Score:
    """What the alert topic holds, against what was injected up to the time that had been heard everywhere."""
    opened = [a for a in alerts(settings) if a["state"] == "opened"]
    return score(feeder.history.injected, opened, feeder.heard)


def alerts(settings: Settings) -> list[dict[str, Any]]:
    """Everything on the alert topic, in the order of its partitions."""
    log = Log(settings.log_dir)
    found = [orjson.loads(record.value) for _, record in log.everything(topics.ALERTS) if record.value]
    log.close()
    return found
