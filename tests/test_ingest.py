"""Ingest: dead letters keep the bytes, headers say where a record came from, one bad record never stops a partition."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agents import ingest
from agents.ingest import Ingest, entry_record
from agents.metrics import Metrics
from models.log import Say, decode
from models.references import Kind, Ref
from models.statements import Notice, Refused, Skipped, Statement
from streams import topics
from streams.dead_letter import letter, redriven
from streams.envelope import envelope, identity
from streams.mapping import Mappings
from streams.settings import Settings
from streams.transports.records import Received, header

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)
ZUORA = topics.source("zuora")
BYTES = b'\xff\x00 not JSON "'
INVOICE = Ref("acme", Kind.INVOICE, "INV1")


def received(value: bytes = b"{}", *headers: tuple[str, bytes], offset: int = 7) -> Received:
    return Received(offset, NOON_MS, b"\x00key", value, headers)


def test_a_dead_letter_keeps_every_byte_and_says_what_happened() -> None:
    came = received(BYTES, ("tenant", b"acme"), ("x", b"\xff"))
    dead = letter(came, ZUORA, 3, "ingest", "not_json", "not_json: line 1")

    assert (dead.key, dead.value, dead.headers[:2]) == (came.key, BYTES, came.headers)
    said = {
        name: header(dead.headers, f"tieout_dlq_{name}")
        for name in ("topic", "partition", "offset", "timestamp", "stage", "code", "attempt")
    }
    assert said == {
        "topic": ZUORA,
        "partition": "3",
        "offset": "7",
        "timestamp": str(NOON_MS),
        "stage": "ingest",
        "code": "not_json",
        "attempt": "1",
    }


def test_a_redriven_letter_goes_back_as_it_came_and_counts_its_attempts() -> None:
    first = letter(received(BYTES, ("tenant", b"acme")), ZUORA, 3, "ingest", "not_json", "")
    topic, back = redriven(Received(0, 0, first.key, first.value, first.headers))
    second = letter(Received(9, NOON_MS, back.key, back.value, back.headers), topic, 3, "ingest", "not_json", "")

    assert (topic, back.value, back.timestamp) == (ZUORA, BYTES, NOON_MS)
    assert header(second.headers, "tieout_dlq_attempt") == "2"
    assert header(second.headers, "tieout_dlq_first_failed_at") == header(first.headers, "tieout_dlq_first_failed_at")
    assert [name for name, _ in second.headers].count("tieout_dlq_topic") == 1


def test_the_same_record_gets_the_same_headers_again() -> None:
    once, again = (envelope(identity("t", 0, 5), "alert", NOON, key="k", correlation="c", causation="d") for _ in range(2))

    assert once == again
    assert header(once, "ce_time") == "2026-03-01T12:00:00Z"
    assert header(once, "ce_type") == "tieout.alert"
    assert identity("a", "bc") != identity("ab", "c")


@pytest.fixture
def ingesting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An ingest whose translator of zuora does as the payload says."""

    def translate(payload: bytes, tenant: object) -> Iterator[Statement | Notice | Skipped]:
        if payload == b"bug":
            raise KeyError("nobody thought of this")
        if payload == b"gap":
            yield Notice("n1", "zuora", "acme", "gap")
        elif payload == b"ours":
            yield Skipped("own_write")
        else:
            yield Statement("s1", "zuora", INVOICE, (1,))

    monkeypatch.setattr(ingest, "translators", lambda: {"zuora": translate})
    mappings = Mappings([])
    monkeypatch.setattr(mappings, "tenant", lambda system, spelled: SimpleNamespace())
    app: Any = SimpleNamespace(settings=Settings(partitions=3))
    yield Ingest(app, None, mappings, Metrics())  # type: ignore[arg-type]


def test_a_statement_is_stamped_with_its_record(ingesting: Ingest) -> None:
    [record] = ingesting.entries(received(b"invoice", ("ce_correlationid", b"order-1"), ("ce_id", b"event-1")), ZUORA, 2)
    entry = decode(record.value or b"")

    assert isinstance(entry, Say)
    assert (entry.at, entry.statement.correlation) == (NOON, "order-1")
    assert entry.statement.origin is not None
    assert (entry.statement.origin.topic, entry.statement.origin.partition, entry.statement.origin.offset) == (ZUORA, 2, 7)
    assert (record.key, record.partition) == (INVOICE.key(), None)
    assert (header(record.headers, "ce_correlationid"), header(record.headers, "ce_causationid")) == ("order-1", "event-1")


def test_ingesting_again_gives_the_same_records(ingesting: Ingest) -> None:
    assert ingesting.entries(received(), ZUORA, 2) == ingesting.entries(received(), ZUORA, 2)
    assert ingesting.entries(received(), ZUORA, 2) != ingesting.entries(received(offset=8), ZUORA, 2)


def test_a_notice_goes_to_every_partition(ingesting: Ingest) -> None:
    records = ingesting.entries(received(b"gap"), ZUORA, 2)

    assert [(record.key, record.partition) for record in records] == [(None, 0), (None, 1), (None, 2)]


def test_what_says_nothing_is_counted(ingesting: Ingest) -> None:
    assert ingesting.entries(received(b"ours"), ZUORA, 2) == []
    assert ingesting.entries(received(), topics.source("oracle_fusion"), 2) == []
    assert ingesting.counts == {"skipped:own_write": 1, "skipped:oracle_fusion": 1}


def test_a_translator_that_trips_is_a_dead_letter_and_not_a_crash_loop(ingesting: Ingest) -> None:
    with pytest.raises(Refused) as refused:
        ingesting.entries(received(b"bug"), ZUORA, 2)

    assert refused.value.code == "translator:KeyError"


def test_a_statement_that_no_broker_would_take_is_refused() -> None:
    huge = Say(Statement("s" * 1_000_000, "zuora", INVOICE, (1,), at=NOON))
    with pytest.raises(Refused, match="too_large"):
        entry_record(huge, INVOICE, None, "id", "c", None)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "b.yaml").touch()
    (tmp_path / "a.yml").touch()
    monkeypatch.setenv("TIEOUT_MAPPING", f"{tmp_path},one.yaml")
    monkeypatch.setenv("TIEOUT_DATA_DIR", str(tmp_path))
    settings = Settings()

    assert settings.mapping_files() == [tmp_path / "a.yml", tmp_path / "b.yaml", Path("one.yaml")]
    assert settings.broker_url == f"embedded://{tmp_path}/log"
    assert settings.embedded


def test_a_broker_url_may_name_the_logs_folder_and_its_options() -> None:
    settings = Settings(broker="embedded:///data/log?sync=NORMAL")
    assert (settings.broker_url, settings.log_dir) == ("embedded:///data/log?sync=NORMAL", Path("/data/log"))
