"""Serving: the pages and JSON on one port, health and metrics on another, beside the agents in the worker's loop."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from aiohttp import web

from agents.metrics import Metrics
from agents.web import health, server
from models.desk import Facts
from streams import topics
from streams.app import App
from streams.crash import crash
from tables.records import Records
from tables.state import State

LAG_SECONDS = 5.0


class PartitionReader:
    """The records of the partitions this worker owns, fresh at each call."""

    def __init__(self, state: State) -> None:
        self._state = state

    def partitions(self) -> list[Records]:
        """One Records per owned partition; none before they are recovered."""
        state = self._state
        return [Records(partial(state.get, number), partial(state.scan, number)) for number in state.partitions()]


class Serving:
    """Both web servers of a worker, and the gauges that are read now and then."""

    def __init__(self, app: App, state: State, facts: Facts, metrics: Metrics) -> None:
        self._app, self._state, self._metrics = app, state, metrics
        reader = PartitionReader(state)
        metrics.watch(reader)
        settings = app.settings
        self._sites = (
            (server.create(reader, settings, facts), settings.web_port),
            (health.create(metrics.registry, self.not_ready), settings.metrics_port),
        )
        self._begun = time.monotonic()

    def not_ready(self) -> str:
        """Why the worker is not ready, in words; nothing when it is."""
        return "" if self._state.partitions() else "partitions are being assigned or their table is being recovered"

    async def run(self) -> None:
        """Serve until the worker stops. A port that cannot be bound ends the worker: nobody could see it."""
        runners: list[web.AppRunner] = []
        try:
            for site, port in self._sites:
                runner = web.AppRunner(site, access_log=None)
                await runner.setup()
                runners.append(runner)
                await web.TCPSite(runner, self._app.settings.web_host, port).start()
            while self.not_ready():
                await asyncio.sleep(0.05)
            self._metrics.observe_restore(time.monotonic() - self._begun)
            while True:
                await self._lag()
                await asyncio.sleep(LAG_SECONDS)
        except asyncio.CancelledError:
            for runner in runners:
                await runner.cleanup()
            raise
        except Exception as error:  # noqa: BLE001 - see above
            crash("web", error)

    async def _lag(self) -> None:
        """How many records of each owned partition of the log are not folded yet."""
        ends = await self._app.next_offsets([topics.STATEMENTS])
        for number in self._state.partitions():
            end = ends.get((topics.STATEMENTS, number), 0)
            self._metrics.observe_lag(topics.STATEMENTS, number, max(0, end - 1 - self._state.folded(number)))


__all__ = ["PartitionReader", "Serving"]
