"""The service as a whole on the embedded log: killed or not, it says what a replay says, and its state is the pure fold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import rocksdict

from agents.correlate import entry_of, fold
from agents.metrics import Metrics
from agents.recording import Native, mappings_of, read
from agents.replay import replay
from agents.simulator import history, write
from models.desk import Facts
from models.policy import default
from streams import topics
from streams.mapping import Mappings, load
from streams.transports.embedded.log import Log
from streams.transports.records import Received, Record
from tables.records import Records

ROOT = Path(__file__).parent.parent
PARTITIONS = 2
CONTRACTS = 6
FAULTS = 3
KILLS = 3
RUN = "from agents.worker import run; from streams.settings import Settings; run(Settings())"
PREFIX_LENGTH = 10


class Service:
    """A worker on a folder."""

    def __init__(self, folder: Path, mapping: Path) -> None:
        self.folder, self.mapping = folder, mapping
        self.log = Log(folder / "log", PARTITIONS)
        self.worker: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        chosen = {
            "DATA_DIR": str(self.folder),
            "MAPPING": str(self.mapping),
            "PARTITIONS": str(PARTITIONS),
            "TICK_SECONDS": "0.05",
            "TICK_IDLE_SECONDS": "0.2",
            "IDLE_AFTER_SECONDS": "2",
            "WEB_PORT": "0",
            "METRICS_PORT": "0",
        }
        environment = {**os.environ, **{f"TIEOUT_{name}": value for name, value in chosen.items()}}
        with (self.folder / "worker.log").open("wb") as output:
            self.worker = subprocess.Popen([sys.executable, "-c", RUN], cwd=ROOT, env=environment, stdout=output, stderr=output)

    def end(self) -> None:
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait()
            self.worker = None

    def wait(self, condition: Any, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.worker is not None
            complaint = (self.folder / "worker.log").read_text()[-2000:]
            assert self.worker.poll() is None, complaint
            assert time.monotonic() < deadline, complaint
            time.sleep(0.02)

    def size(self, topic: str) -> int:
        return sum(end for (name, _), end in self.log.ends().items() if name == topic)

    def records(self, topic: str, partition: int) -> Iterator[Received]:
        offset = 0
        while found := self.log.read((topic, partition), offset, 5000):
            yield from found
            offset = found[-1].offset + 1

    def said(self, topic: str) -> list[dict[str, Any]]:
        return [json.loads(r.value or b"") for number in range(PARTITIONS) for r in self.records(topic, number)]

    def heard_until(self, year: str) -> bool:
        """Whether every partition has folded a tick that says all sources were heard in this year."""
        folded = [json.loads(r.value or b"") for r in self.records(topics.PROGRESS, 0)]
        last = {step["partition"]: step for step in folded if step["type"] == "folded"}
        return len(last) == PARTITIONS and all(step["heard"] and min(step["heard"].values()) >= year for step in last.values())


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    write(history(3, CONTRACTS, date(2025, 1, 1), 12, FAULTS), tmp_path / "recording")
    return tmp_path / "recording"


@pytest.fixture
def service(tmp_path: Path, recording: Path) -> Iterator[Service]:
    (tmp_path / "data").mkdir()
    service = Service(tmp_path / "data", recording / "mapping.yaml")
    yield service
    service.end()
    service.log.close()


def send(log: Log, natives: list[Native]) -> None:
    log.append(
        (
            topics.source(native.system),
            Record(
                None,
                native.payload,
                tuple((name, value.encode()) for name, value in native.headers.items()),
                0,
                int(native.received_at.timestamp() * 1000) if native.received_at else None,
            ),
        )
        for native in natives
    )


def refold(service: Service, partition: int, folded: int) -> tuple[dict[bytes, bytes], set[str], set[str]]:
    """What the partition's state must be, the ids that must have been said, and those that may have been said as well.

    A worker that is killed has ticks on the log that it has not folded: state and outputs count up to `folded`. What it
    published of a batch whose state it had not written yet may stand on the topics besides.
    """
    mappings = Mappings([load(service.mapping)])
    facts = Facts(mappings.organisations(), default(), hearing=True)
    state: dict[bytes, bytes] = {}
    must, may = set[str](), set[str]()
    for received in service.records(topics.STATEMENTS, partition):
        ids = must if received.offset <= folded else may
        records = Records(state.get, lambda prefix: iter(sorted((k, v) for k, v in state.items() if k.startswith(prefix))))
        for topic, output in fold(records, facts, entry_of(received), received, partition, Metrics()):
            if topic != topics.STATEMENTS:
                ids.add(json.loads(output.value or b"")["id"])
        for key, value in records.flush().items() if received.offset <= folded else ():
            if value is None:
                state.pop(key, None)
            else:
                state[key] = value
    return state, must, may


def stored(service: Service, partition: int) -> tuple[dict[bytes, bytes], int]:
    """What the partition's database holds, and the offset up to which it has folded the log."""
    [path] = service.folder.glob(f"tables/**/state-{partition}.db")
    database = rocksdict.Rdict(str(path), options=rocksdict.Options(raw_mode=True))
    try:
        found = dict(database.items())
        state = {key: value[PREFIX_LENGTH:] for key, value in found.items() if not key.startswith(b"\0")}
        return state, int.from_bytes(found[b"\0folded"][:8], "big")
    finally:
        database.close()


def still_open(alerts: Iterable[dict[str, Any]]) -> set[tuple[str, str]]:
    last = {alert["alert"]: alert for alert in alerts}
    return {(name, alert["rule"]) for name, alert in last.items() if alert["state"] != "closed"}


def test_a_service_that_is_killed_says_what_a_replay_says(service: Service, recording: Path) -> None:
    natives = read([recording])
    share = len(natives) // (KILLS + 1)
    for number in range(KILLS):
        send(service.log, natives[number * share : (number + 1) * share])
        before = service.size(topics.STATEMENTS)
        service.start()
        service.wait(lambda before=before: service.size(topics.STATEMENTS) > before + 100)
        service.end()
    send(service.log, natives[KILLS * share :])
    service.start()
    service.wait(lambda: service.heard_until("2026"))
    service.end()

    wanted = replay(natives, mappings_of(natives, None), default(), until=datetime.now(UTC))
    left_open = still_open(output for output in wanted if output["kind"] == "alert")
    assert left_open == still_open(service.said(topics.ALERTS))
    assert left_open, "the recording ends in 2025, so that by now something is late"
    must, may = set[str](), set[str]()
    for partition in range(PARTITIONS):
        have, folded = stored(service, partition)
        state, said, more = refold(service, partition, folded)
        assert have.keys() == state.keys()
        assert [key for key in state if have[key] != state[key]] == []
        must, may = must | said, may | more
    published = {
        said["id"] for topic in (topics.ALERTS, topics.MILESTONES, topics.REVENUE, topics.REQUESTS) for said in service.said(topic)
    }
    assert must <= published <= must | may
    assert service.said(topics.DEAD_LETTERS) == []
