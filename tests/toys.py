"""What the tests of the toy worker share: feeding its log, running it, and reading what it left behind."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import rocksdict

from streams import topics
from streams.transports.embedded.log import Log
from streams.transports.records import Received, Record
from tests.toy_worker import refold

ROOT = Path(__file__).parent.parent
PARTITIONS = 4
CHANGELOG = "tieout-state-changelog"
PREFIX_LENGTH = 10
KEYS = 500


def events(start: int, count: int) -> list[tuple[str, Record]]:
    return [
        (topics.STATEMENTS, Record(b"key-%d" % (i % KEYS), json.dumps({"id": str(i), "hop": 0}).encode()))
        for i in range(start, start + count)
    ]


class Toy:
    """One installation of the toy worker in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = Log(folder / "log", PARTITIONS)
        self.log.declare(topics.STATEMENTS, PARTITIONS)
        self.log.declare(topics.ALERTS, PARTITIONS)
        self.worker: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "worker.log").open("wb") as output:
            command = [sys.executable, "-m", "tests.toy_worker", str(self.folder)]
            self.worker = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)

    def kill(self) -> None:
        assert self.worker is not None
        self.worker.kill()
        assert self.worker.wait() == -9, self.complaint()

    def stop(self) -> None:
        assert self.worker is not None
        self.worker.terminate()
        assert self.worker.wait(20) == 0, self.complaint()

    def end(self) -> None:
        """Leave nothing behind, whatever the test came to."""
        if self.worker is not None and self.worker.poll() is None:
            self.worker.kill()
            self.worker.wait()
        self.log.close()

    def complaint(self) -> str:
        return (self.folder / "worker.log").read_text()[-3000:]

    def ready(self) -> bool:
        return "Worker ready" in self.complaint()

    def alerts(self) -> int:
        return sum(end for (topic, _), end in self.log.ends().items() if topic == topics.ALERTS)

    def caught_up(self) -> bool:
        done = self.log.committed("tieout")
        return all(done.get(place, 0) == end for place, end in self.log.ends().items() if place[0] == topics.STATEMENTS)

    def wait(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.worker is None or self.worker.poll() is None, self.complaint()
            assert time.monotonic() < deadline, self.complaint()
            time.sleep(0.01)

    def records(self, topic: str, partition: int) -> Iterator[Received]:
        offset = 0
        while found := self.log.read((topic, partition), offset, 5000):
            yield from found
            offset = found[-1].offset + 1

    def state(self, partition: int) -> dict[bytes, bytes]:
        """What the worker's database holds, without the worker's own keys."""
        [path] = self.folder.glob(f"tables/**/state-{partition}.db")
        database = rocksdict.Rdict(str(path), options=rocksdict.Options(raw_mode=True))
        try:
            return {key: value[PREFIX_LENGTH:] for key, value in database.items() if not key.startswith(b"\0")}
        finally:
            database.close()

    def changelog(self, partition: int) -> dict[bytes, bytes]:
        """What the changelog says the state is, read without the guard: there was never a second writer."""
        last = {r.key or b"": r.value for r in self.records(CHANGELOG, partition)}
        return {key: value[PREFIX_LENGTH:] for key, value in last.items() if value and not key.startswith(b"\0")}

    def check(self) -> int:
        """State and changelog are the pure fold of the log, and every output is there; returns how often one is there twice."""
        wanted: set[str] = set()
        for partition in range(PARTITIONS):
            state, ids = refold(self.records(topics.STATEMENTS, partition))
            assert self.state(partition) == state
            assert self.changelog(partition) == state
            wanted |= ids
        said = [json.loads(r.value or b"")["id"] for partition in range(PARTITIONS) for r in self.records(topics.ALERTS, partition)]
        assert set(said) == wanted
        return len(said) - len(wanted)
