"""The service: builds the app, names every agent, and runs until it is told to stop."""

from __future__ import annotations

import sys
from typing import NoReturn

import faust

from agents.clock import Clock, Now
from agents.correlate import Correlate
from agents.ingest import Ingest
from agents.metrics import Metrics
from agents.serving import Serving
from models.desk import Facts
from models.policy import Policy, default, parse
from streams import topics
from streams.app import App, create
from streams.mapping import Mappings, load
from streams.settings import Settings
from streams.transports.embedded.lock import AlreadyRunning
from streams.transports.embedded.log import PartitionsDiffer
from tables.state import State

EXIT_REFUSED = 75  # EX_TEMPFAIL: another worker holds the log, or it has another number of partitions


def policy_of(settings: Settings) -> Policy:
    """The policy of the settings; raises PolicyError."""
    return parse(settings.policy.read_text("utf-8"), str(settings.policy)) if settings.policy else default()


def build(settings: Settings, now: Now | None = None) -> App:
    """The app with all its agents, each named here: Faust's discovery turns an import error into a warning.

    `now` replaces the clock's present, for a simulated company. Raises MappingError or PolicyError.
    """
    mappings = Mappings([load(path) for path in settings.mapping_files()])
    facts = Facts(mappings.organisations(), policy_of(settings), hearing=True)
    app = create(settings)
    state = app.folded_state = State(app)
    metrics = Metrics()
    app.agent(app.batch_topic(*topics.SOURCES), name="ingest")(Ingest(app, state, mappings, metrics, facts.policy.silence).__call__)
    app.agent(app.batch_topic(topics.STATEMENTS), name="correlate")(Correlate(state, facts, metrics).__call__)
    app.task(Clock(app, state, now).run)
    app.task(Serving(app, state, facts, metrics).run)
    return app


def run(settings: Settings) -> NoReturn:
    """Build the app and serve; does not return."""
    serve(build(settings))


def prepare(app: App) -> None:
    """Take the embedded log and declare its topics; raises AlreadyRunning or PartitionsDiffer."""
    app.transport.lock.claim()
    for spec in topics.specs(app.settings):
        app.transport.log.declare(spec.name, spec.partitions, spec.compact, spec.retention_ms)


def serve(app: App) -> NoReturn:
    """Run an app that has its agents; does not return. SIGTERM and SIGINT let what is in flight end, and commit it."""
    if app.settings.embedded:
        try:
            prepare(app)
        except (AlreadyRunning, PartitionsDiffer) as refused:
            print(f"tieout: {refused}", file=sys.stderr)
            raise SystemExit(EXIT_REFUSED) from None
    # Without a spinner: for it, Faust sets the root logger to DEBUG.
    worker = faust.Worker(app, loglevel=app.settings.log_level, redirect_stdouts=False, quiet=True)
    worker.spinner = None
    worker.execute_from_commandline()
    raise SystemExit(0)
