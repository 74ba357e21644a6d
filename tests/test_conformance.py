"""One suite for all translators: it knows systems by their files only, and samples by what their names promise."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.documents import Status
from models.statements import UNSTAMPED, Notice, Refused, Skipped, Statement
from streams.sources import translators
from tests import conformance as c

SYSTEMS = sorted(translators())
ALL = c.cases()
SOUND = [(system, path) for system, path in ALL if "malformed" not in path.name and "third_party" not in path.parts]
AMOUNTS = {"edge-jpy": (b"JPY", "1234567"), "edge-kwd": (b"KWD", "1234.567")}

each = pytest.mark.parametrize(("system", "path"), ALL, ids=c.name)
each_sound = pytest.mark.parametrize(("system", "path"), SOUND, ids=c.name)
each_system = pytest.mark.parametrize("system", SYSTEMS)
quick = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def named(pattern: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("system", "path"), c.cases(pattern), ids=c.name)


@each_system
def test_every_translator_has_samples(system: str) -> None:
    assert c.files(system), f"tests/payloads/{system} is empty"
    assert c.tenant_of(system).spellings, f"tests/payloads/mapping.yaml spells no organisation in {system}"


@each
def test_says_what_the_golden_file_says(system: str, path: Path) -> None:
    assert c.golden(system, path).exists(), f"read the result, then: python -m tests.conformance --write {system}"
    assert c.outcome(system, path.read_bytes()).decode() == c.golden(system, path).read_text("utf-8")


@each_system
def test_no_golden_file_without_a_sample(system: str) -> None:
    assert {c.golden(system, path) for path in c.files(system)} == set((c.GOLDEN / system).rglob("*.json"))


@each
def test_same_bytes_same_statements(system: str, path: Path) -> None:
    assert c.outcome(system, path.read_bytes()) == c.outcome(system, path.read_bytes())


@named("malformed-*")
def test_malformed_is_refused_with_a_code(system: str, path: Path) -> None:
    with pytest.raises(Refused) as caught:
        c.read(system, path)
    assert re.fullmatch(r"[a-z_]+(:\S+)?", caught.value.code)


@each_sound
def test_something_is_said(system: str, path: Path) -> None:
    assert c.read(system, path)


@each_sound
def test_statements_are_whole(system: str, path: Path) -> None:
    tenant, said = c.tenant_of(system), c.read(system, path)
    ids = [one.id for one in said if not isinstance(one, Skipped)]
    assert len(set(ids)) == len(ids)
    for one in c.statements(said):
        assert (one.system, one.mapping) == (system, tenant.revision)
        assert one.version and (one.document is not None or one.thin or one.dirty or one.life != "live")
        assert (one.at, one.origin, one.correlation) == (UNSTAMPED, None, None), "arrival is not the translator's business"
        assert not (one.thin and one.document), "a thin notification asserts nothing"
    assert {one.what for one in said if isinstance(one, Notice)} <= {"gap", "resync", "heartbeat"}
    assert {ref.org for ref in c.refs(said)} <= {tenant.organisation}


@each_sound
def test_no_binary_floats_and_no_time_without_a_zone(system: str, path: Path) -> None:
    for leaf in c.leaves(c.read(system, path)):
        assert not isinstance(leaf, float)
        assert not isinstance(leaf, datetime) or leaf.tzinfo


@each_sound
def test_parents_are_commercial_or_come_before(system: str, path: Path) -> None:
    for one in c.statements(c.read(system, path)):
        assert all(name.kind == one.ref.kind or name.commercial or name.master for name in one.names)
        assert one.ref not in one.parents and one.ref not in one.names
        assert all(parent.size < one.ref.size for parent in one.parents if not one.ref.commercial)
        assert not any(ref.master for ref in one.parents), "masters never join"


@each_sound
def test_unknown_fields_are_tolerated(system: str, path: Path) -> None:
    document = c.document(path)
    if not isinstance(document, (dict, list)):
        pytest.skip("no JSON object")
    assert c.outcome(system, c.dump(c.with_unknown_fields(document))) == c.outcome(system, path.read_bytes())


@named("*unknown*")
def test_unknown_values_speak(system: str, path: Path) -> None:
    for one in c.read(system, path):
        assert isinstance(one, (Statement, Skipped))
        if isinstance(one, Statement) and not one.thin:
            assert one.unknown and all(unknown.value for unknown in one.unknown)
            if any("status" in unknown.field.lower() for unknown in one.unknown):
                assert getattr(one.document, "status", None) is Status.UNKNOWN


@named("duplicate-1*")
def test_a_duplicate_has_the_same_id_or_the_same_content_and_version(system: str, path: Path) -> None:
    def content(one: Statement) -> Any:
        return one.ref, one.version, one.document, one.life, one.names, one.parents, one.claims

    first = c.statements(c.read(system, path))
    again = c.statements(c.read(system, path.with_name(path.name.replace("-1", "-2", 1))))
    assert first and len(first) == len(again)
    assert all(a.id == b.id or content(a) == content(b) for a, b in zip(first, again, strict=True))


@named("order-1-*")
def test_the_newer_has_the_greater_version(system: str, path: Path) -> None:
    late = c.files(system, "order-2-*")[0]
    newer, older = c.statements(c.read(system, path)), c.statements(c.read(system, late))
    assert [one.ref for one in newer] == [one.ref for one in older] != []
    assert all(a.version > b.version for a, b in zip(newer, older, strict=True))


@named("tie-*-1*")
def test_of_two_with_one_stamp_the_second_is_no_older(system: str, path: Path) -> None:
    first = c.statements(c.read(system, path))
    second = c.statements(c.read(system, path.with_name(path.name.replace("-1", "-2", 1))))
    assert [one.ref for one in first] == [one.ref for one in second] != []
    assert all(a.version <= b.version and a.document != b.document for a, b in zip(first, second, strict=True))


@named("conflict-*")
def test_a_conflict_is_the_same_identity_with_other_content(system: str, path: Path) -> None:
    others = [one for other in c.files(system, "[!cm]*") for one in c.statements(c.read(system, other))]
    for one in c.statements(c.read(system, path)):
        assert any((one.ref, one.version) == (other.ref, other.version) and one.document != other.document for other in others)


@named("thin-*")
def test_a_thin_notification_asserts_nothing(system: str, path: Path) -> None:
    said = c.statements(c.read(system, path))
    assert said and all(one.thin and one.document is None and not one.parents for one in said)


@named("edge-large*")
def test_large_amounts_keep_every_digit(system: str, path: Path) -> None:
    large = set(re.findall(rb"\d{14,}\.\d+", path.read_bytes()))
    said = c.encoded(c.read(system, path))
    assert large and all(amount in said for amount in large)


@pytest.mark.parametrize(("system", "path"), c.cases("edge-jpy*") + c.cases("edge-kwd*"), ids=c.name)
def test_currencies_without_cents_and_with_three_decimals(system: str, path: Path) -> None:
    currency, amount = AMOUNTS[path.stem]
    said = c.read(system, path)
    assert currency in c.encoded(said)
    assert Decimal(amount) in [leaf for leaf in c.leaves(said) if isinstance(leaf, Decimal)]


@named("edge-negative*")
def test_amounts_below_zero_stay_below(system: str, path: Path) -> None:
    assert any(leaf < 0 for leaf in c.leaves(c.read(system, path)) if isinstance(leaf, Decimal))


@each
def test_cut_anywhere_is_refused(system: str, path: Path) -> None:
    whole = path.read_bytes().rstrip()
    for end in {0, 1, *range(0, len(whole) - 1, max(1, len(whole) // 40))}:
        assert c.only_refused(system, whole[:end]) is None, f"understood only {end} bytes"


@each
def test_wrong_types_anywhere_are_refused_or_understood(system: str, path: Path) -> None:
    document = c.document(path)
    for number, place in enumerate(c.places(document)):
        for offset in (0, 7, 13):
            c.only_refused(system, c.dump(c.put(document, place, c.WRONG[(number + offset) % len(c.WRONG)])))
        if place:
            c.only_refused(system, c.dump(c.without(document, place)))


@each_system
@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b" ",
        b"null",
        b"0",
        b'""',
        b'"x"',
        b'"{}"',
        b"[]",
        b"{}",
        b"[[]]",
        b"[{}]",
        b"\xff\xfe\x00",
        b'{"a":"\xff"}',
        b"NaN",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"read":' * 70 + b"1" + b"}" * 70,
        b"9" * 5_000,
        b'{"read":{},"record":{}}',
        b'{"read":null,"record":null}',
        b'{"a":1e999999999}',
        b"<a/>",
        b"<",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"<a>" * 50_000 + b"</a>" * 50_000,
    ],
    ids=lambda payload: repr(payload[:24]),
)
def test_foreign_bytes_are_refused(system: str, payload: bytes) -> None:
    said = c.only_refused(system, payload)
    assert said is None or c.skipped(said)


@each_system
def test_damaged_samples(system: str) -> None:
    documents = [document for document in map(c.document, c.files(system)) if document is not None]

    @quick
    @given(st.data())
    def damage(data: st.DataObject) -> None:
        document = data.draw(st.sampled_from(documents))
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.sampled_from(list(c.places(document))))
            document = c.put(document, place, data.draw(JSON))
        c.only_refused(system, c.dump(document))

    damage()


@each_system
def test_random_bytes(system: str) -> None:
    samples = [path.read_bytes() for path in c.files(system)]

    @quick
    @given(st.sampled_from(samples), st.integers(0, 10_000), st.binary(min_size=1, max_size=6))
    def overwrite(sample: bytes, at: int, noise: bytes) -> None:
        at %= len(sample)
        c.only_refused(system, sample[:at] + noise + sample[at + len(noise) :])

    overwrite()


SCALARS = st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
JSON = st.recursive(
    SCALARS | st.sampled_from(c.WRONG),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
