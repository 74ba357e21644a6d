"""Recordings: read in the order in which they were received, to the last digit, and every error says what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.recording import Native, RecordingError, instant, mappings_of, read
from streams.exact import loads
from streams.mapping import MappingError

MAPPING = "version: 1\norganisation: acme\norganisations: {zuora: ['1']}\nlandscape: {billing: zuora}\n"


def line(payload: str, **facts: object) -> str:
    """A line of JSONL with this text as payload."""
    return json.dumps({"system": "zuora", "received_at": "2025-03-01T04:00:00Z"} | facts)[:-1] + f', "payload": {payload}}}'


def recorded(folder: Path, *lines: str, name: str = "events.jsonl") -> list[Native]:
    """What is read of a file with these lines."""
    path = folder / name
    path.write_text("\n".join(lines), encoding="utf-8")
    return read([path])


@pytest.mark.parametrize(
    "number",
    [
        "0.10",
        "100.00",
        "1E+3",
        "1e-7",
        "-0.0",
        "12345678901234567890123.456789",
        "0.1000000000000000055511151231257827",
        "3",
        "-7",
        "10000000000000000000001",
    ],
)
def test_a_number_keeps_its_digits(tmp_path: Path, number: str) -> None:
    (one,) = recorded(tmp_path, line(f'{{"amount": {number}, "list": [{number}]}}'))

    assert one.payload == f'{{"amount":{number},"list":[{number}]}}'.encode()


values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.text(max_size=8),
        st.integers(-(10**30), 10**30),
        st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**20), max_value=10**20),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def text_of(value: object) -> str:
    """JSON text of a value, its decimals digit by digit."""
    match value:
        case Decimal():
            return f"{value:f}"
        case dict():
            return "{" + ",".join(f"{json.dumps(key)}:{text_of(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ",".join(map(text_of, value)) + "]"
    return json.dumps(value)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@given(payload=values)
def test_any_payload_is_passed_on_as_it_was(folder: Path, payload: object) -> None:
    """Read exactly, what was recorded and what is passed on are the same."""
    text = text_of({"value": payload})
    (one,) = recorded(folder, line(text))

    assert loads(one.payload) == loads(text)


def test_a_body_is_passed_on_as_text(tmp_path: Path) -> None:
    """What is no JSON (XML, CSV) is recorded as a string, and arrives byte for byte."""
    row = json.dumps({"system": "tax", "received_at": "2025-03-01T04:00:00Z", "body": "<a>ä 1.10</a>\n"})
    (one,) = recorded(tmp_path, row)

    assert one.payload == "<a>ä 1.10</a>\n".encode()


def test_records_are_read_in_order_of_receipt(tmp_path: Path) -> None:
    """By time, then file, then line; those without a time come last."""
    times = ["2025-03-01T06:00:00+02:00", "2025-03-01T03:00:00Z", None, "2025-03-01T04:00:00Z"]
    (tmp_path / "b.jsonl").write_text("\n".join(line(str(n), received_at=at) for n, at in enumerate(times)))
    (tmp_path / "a.jsonl").write_text("\n\n" + line("9") + "\n")
    found = read([tmp_path / "b.jsonl", tmp_path / "a.jsonl"])

    assert [(one.path, one.line) for one in found] == [("b.jsonl", 2), ("a.jsonl", 3), ("b.jsonl", 1), ("b.jsonl", 4), ("b.jsonl", 3)]
    assert found == read([tmp_path / "a.jsonl", tmp_path / "b.jsonl"])


def test_a_folder_brings_files_manifest_and_mapping(tmp_path: Path) -> None:
    (tmp_path / "002-zuora-invoice.json").write_bytes(b'{"n": 1.10}')
    (tmp_path / "001-zuora-order.json").write_bytes(b"{}")
    (tmp_path / "README.md").write_text("no record")
    (tmp_path / "003-zuora.jsonl").write_text(line("1", headers={"x": "y"}))
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    received = {"001-zuora-order.json": "2025-03-01T05:00:00Z", "002-zuora-invoice.json": "2025-03-01T04:30:00Z"}
    (tmp_path / "manifest.json").write_text(json.dumps({"received_at": received, "headers": {"zuora": {"tenant": "1"}}}))
    found = read([tmp_path])

    assert [(one.path, one.system) for one in found] == [
        ("003-zuora.jsonl", "zuora"),
        ("002-zuora-invoice.json", "zuora"),
        ("001-zuora-order.json", "zuora"),
    ]
    assert found[1].payload == b'{"n": 1.10}'  # a file is passed on byte for byte
    assert [one.headers for one in found] == [{"tenant": "1", "x": "y"}, {"tenant": "1"}, {"tenant": "1"}]
    assert mappings_of(found, None).tenant("zuora", "1").organisation == "acme"


def test_a_line_brings_its_folder_along(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    (tmp_path / "manifest.json").write_text('{"headers": {"zuora": {"tenant": "1"}}}')
    (one,) = recorded(tmp_path, line("1"))

    assert one.headers == {"tenant": "1"} and one.mapping is not None


def test_a_mapping_of_ones_own_replaces_those_found(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(MAPPING.replace("acme", "beta"))
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    found = recorded(tmp_path, line("1"))

    assert mappings_of(found, tmp_path / "other.yaml").tenant("zuora", "1").organisation == "beta"
    assert mappings_of(found, None).tenant("zuora", "1").organisation == "acme"


def test_two_recordings_with_one_mapping_are_one_organisation(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mapping.yaml").write_text(MAPPING)
        (tmp_path / name / "events.jsonl").write_text(line("1"))

    assert len(mappings_of(read([tmp_path / "a", tmp_path / "b"]), None).mappings) == 1


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("not json", 'events.jsonl:1: each line is an object with "system", "received_at" and "payload" or "body"'),
        ("[1]", "events.jsonl:1: each line is an object"),
        ('{"payload": 1}', "events.jsonl:1: each line is an object"),
        ('{"system": "zuora"}', 'events.jsonl:1: "payload" .JSON. or "body" .a string. is missing'),
        ('{"system": "zuora", "payload": 1, "received_at": "yesterday"}', "events.jsonl:1: 'yesterday' is not an ISO date and time"),
        ('{"system": "zuora", "payload": 1, "received_at": "2025-03-01T04:00:00"}', "events.jsonl:1: .*carries no zone; write for example"),
    ],
)
def test_a_bad_line_says_where_and_what_to_do(tmp_path: Path, row: str, says: str) -> None:
    with pytest.raises(RecordingError, match=says):
        recorded(tmp_path, row)


def test_the_line_that_is_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"events\.jsonl:3: "):
        recorded(tmp_path, line("1"), "", "{", line("2"))


def test_a_bad_manifest_or_mapping_is_named(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(RecordingError, match=r"manifest\.json: must be an object"):
        read([tmp_path])
    (tmp_path / "manifest.json").write_text('{"received_at": {"001-zuora.json": "noon"}}')
    (tmp_path / "001-zuora.json").write_text("{}")
    with pytest.raises(RecordingError, match=r"manifest\.json: 001-zuora\.json: 'noon' is not an ISO"):
        read([tmp_path])
    (tmp_path / "mapping.yaml").write_text("version: x")
    with pytest.raises(MappingError, match=r"mapping\.yaml: version"):
        read([tmp_path])


def test_what_is_neither_folder_nor_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nothing\.csv: is neither a folder nor a \.jsonl file"):
        read([tmp_path / "nothing.csv"])


def test_times_are_in_utc() -> None:
    assert instant("2025-03-01T06:00:00+02:00", "x") == datetime(2025, 3, 1, 4, tzinfo=UTC)


def test_the_origin_names_bytes_file_and_line(tmp_path: Path) -> None:
    """The same bytes have the same digest, wherever they stand."""
    a, b = recorded(tmp_path, line("1"), line("1"))

    assert (a.origin().topic, a.origin().offset, b.origin().offset) == ("events.jsonl", 1, 2)
    assert a.origin().sha256 == b.origin().sha256 != recorded(tmp_path, line("2"))[0].origin().sha256
