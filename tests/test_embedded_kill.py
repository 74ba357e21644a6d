"""A worker killed at random points under load loses nothing and folds nothing twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams import topics
from tests.toys import ROOT, Toy, events

INSTALLATIONS = 2
KILLS = 10  # of each installation
FEEDER = """
import sys, time
from pathlib import Path
from streams.transports.embedded.log import Log
from tests.toys import PARTITIONS, events
logs = [Log(Path(folder) / "log", PARTITIONS) for folder in sys.argv[1:]]
start = 0
while True:
    for log in logs:
        log.append(events(start, 50))
    start += 50
    time.sleep(0.02)
"""


def run_until_killed(toys: list[Toy], chance: random.Random) -> None:
    """Start the workers, let each get to work, and kill it somewhere in its next checkpoints."""
    before = [toy.alerts() for toy in toys]
    for toy in toys:
        toy.start()
    for toy, count in zip(toys, before, strict=True):
        toy.wait(lambda toy=toy, count=count: toy.alerts() > count)
        time.sleep(chance.random() * 0.1)
        toy.kill()


@pytest.fixture
def toys(tmp_path: Path) -> Iterator[list[Toy]]:
    toys = [Toy(tmp_path / str(number)) for number in range(INSTALLATIONS)]
    yield toys
    for toy in toys:
        toy.end()


@pytest.fixture
def toy(toys: list[Toy]) -> Toy:
    return toys[0]


def test_kill_9_under_load_loses_nothing(toys: list[Toy]) -> None:
    feeder = subprocess.Popen([sys.executable, "-c", FEEDER, *(str(toy.folder) for toy in toys)], cwd=ROOT)
    chance = random.Random(7)
    try:
        for _ in range(KILLS):
            run_until_killed(toys, chance)
    finally:
        feeder.kill()
        feeder.wait()
    for toy in toys:
        toy.start()
        toy.wait(toy.caught_up)
        toy.stop()

    repeated = [toy.check() for toy in toys]

    print(f"{INSTALLATIONS * KILLS} kills, {sum(toy.alerts() for toy in toys)} outputs, repeated: {sum(repeated)}")


def test_sigterm_lets_what_is_in_flight_end(toy: Toy) -> None:
    toy.log.append(events(0, 15_000))
    toy.start()
    toy.wait(lambda: toy.alerts() > 2000)
    toy.stop()
    half = toy.alerts()
    toy.start()
    toy.wait(toy.caught_up)
    toy.stop()

    assert half < toy.alerts()
    assert toy.check() == 0, "a clean stop repeats nothing"


def test_a_failed_append_ends_the_worker_and_nothing_is_lost(toy: Toy) -> None:
    # stands for a full disk: the alerts beyond the 1,000th of each partition cannot be written
    ids = ",".join(map(str, toy.log.ids(topics.ALERTS)))
    toy.log.db.execute(
        f"CREATE TRIGGER full BEFORE INSERT ON record WHEN NEW.id >> 40 IN ({ids}) AND NEW.id & 0xffffffffff >= 1000 "
        "BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
    )
    toy.log.append(events(0, 8000))
    toy.start()
    assert toy.worker is not None
    assert toy.worker.wait(30) == 70, toy.complaint()
    assert "disk is full" in toy.complaint()
    done = toy.log.committed("tieout")
    assert sum(done.values()) <= toy.alerts(), "nothing was committed whose outputs are not there"

    toy.log.db.execute("DROP TRIGGER full")
    toy.start()
    toy.wait(toy.caught_up)
    toy.stop()
    toy.check()


def test_a_second_worker_is_refused(toy: Toy) -> None:
    toy.start()
    toy.wait(lambda: (toy.folder / "log" / "worker.lock").exists())
    time.sleep(0.5)

    second = subprocess.run(
        [sys.executable, "-m", "tests.toy_worker", str(toy.folder)], cwd=ROOT, capture_output=True, text=True, timeout=30
    )

    assert second.returncode == 75
    assert second.stderr.strip() == f"tieout: another worker already runs on {toy.folder}/log: stop it, or use another data directory"
