"""Running: the worker with its pages, and the demo around it."""

from __future__ import annotations

import logging
from functools import partial

from agents import console, logs
from agents import demo as company
from agents.worker import build, serve
from streams.settings import Settings


def worker(settings: Settings) -> None:
    """Serve until told to stop."""
    logs.configure(settings.log_level)
    serve(build(settings))


def demo(settings: Settings, seed: int, contracts: int, faults: int, seconds: float, json: bool) -> None:
    """Run the demo; when the worker has ended, say what was injected and what was found."""
    logs.configure("warning")
    logging.disable(logging.INFO)  # the summary is what a person reads here; warnings still show
    chosen = company.company_in(settings.data_dir, company.Company(seed, contracts, faults))
    keep = seconds <= 0
    app, feeder = company.prepare(settings, chosen, seconds or 120.0, keep)
    address = f"http://{settings.web_host}:{settings.web_port}/"
    if not json:
        console.err.print(f"Pages at {address}  (Ctrl-C ends; running again resumes)", markup=False)
    app.task(partial(console.live, app, feeder, address, json))
    try:
        serve(app)
    finally:
        score = company.result(settings, feeder)
        if json:
            console.as_json(score.summary())
        else:
            console.verdict(score)
