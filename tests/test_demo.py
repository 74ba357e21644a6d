"""The demo as a user runs it: everything injected is found, nothing else is, and running again resumes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents.recording import Native
from agents.replay import Replay
from agents.score import score
from agents.simulator import history
from agents.simulator.scenario import MONTHS, START
from models.policy import default
from streams.mapping import Mapping, Mappings

ENVIRONMENT = {**os.environ, "TIEOUT_WEB_PORT": "0", "TIEOUT_METRICS_PORT": "0"}


def demo(folder: Path, *options: str, seconds: int = 100) -> dict[str, int]:
    """The last line of `tieout demo --json`, in a process of its own."""
    command = [sys.executable, "-m", "agents.cli", "demo", "--json", "--folder", str(folder), *options]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    figures: dict[str, int] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


@pytest.mark.parametrize("seed", [1, 2])
def test_a_replay_finds_what_was_injected_and_nothing_else(seed: int) -> None:
    """The pure fold over a simulated company: each label its alert, no alert without a label."""
    told = history(seed, 80, START, MONTHS, 30)
    machine = Replay(Mappings([Mapping.model_validate(told.mapping)]), default())
    natives = [Native(e.system, e.payload, e.received_at, e.name, n, told.headers[e.system]) for n, e in enumerate(told.events)]
    opened = [o for o in machine.run(natives, told.until) if o["kind"] == "alert" and o["state"] == "opened"]
    result = score(told.injected, opened, told.until)
    assert (result.missed, result.false) == ([], [])
    assert result.found.total() == len(told.injected) > 0


def test_a_company_without_faults_is_silent() -> None:
    """No label, no alert."""
    told = history(7, 60, START, MONTHS, 0)
    machine = Replay(Mappings([Mapping.model_validate(told.mapping)]), default())
    natives = [Native(e.system, e.payload, e.received_at, e.name, n, told.headers[e.system]) for n, e in enumerate(told.events)]
    assert [o for o in machine.run(natives, told.until) if o["kind"] in ("alert", "dead_letter")] == []


def test_the_demo_finds_what_it_injected_and_resumes(tmp_path: Path) -> None:
    """The worker, its log, its clock and the company in one process; a second run has nothing left to do and says the same."""
    options = ("--seconds", "6", "--contracts", "40", "--faults", "16")
    first = demo(tmp_path / "demo", *options)
    assert first["injected"] == first["found"] > 10
    assert first["missed"] == first["false"] == 0
    assert demo(tmp_path / "demo", *options) == first


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_the_demo_on_five_seeds(seed: int, tmp_path: Path) -> None:
    """Found equals injected and nothing is false, at the demo's own size."""
    figures = demo(tmp_path / "demo", "--seconds", "40", "--seed", str(seed), seconds=400)
    assert figures["injected"] == figures["found"] >= 50
    assert figures["missed"] == figures["false"] == 0
