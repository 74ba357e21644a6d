"""The service: builds the app, names every agent, and runs until it is told to stop."""

from __future__ import annotations

import sys
from typing import NoReturn

import faust

from streams.app import App
from streams.transports.embedded.lock import AlreadyRunning

EXIT_REFUSED = 75  # EX_TEMPFAIL: another worker holds the log


def serve(app: App) -> NoReturn:
    """Run an app that has its agents; does not return. SIGTERM and SIGINT let what is in flight end, and commit it."""
    if app.settings.embedded:
        try:
            app.transport.lock.claim()
        except AlreadyRunning as refused:
            print(f"tieout: {refused}", file=sys.stderr)
            raise SystemExit(EXIT_REFUSED) from None
    # Not below info: Faust takes "warn" for the root logger's level and sets it to DEBUG.
    worker = faust.Worker(app, loglevel=app.settings.log_level, redirect_stdouts=False, quiet=True)
    worker.execute_from_commandline()
    raise SystemExit(0)
