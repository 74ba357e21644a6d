"""What every translator is held against: sample payloads by their names, golden translations, and ways to damage a payload.

Regenerate the golden files of one system, after reading why they changed: `python -m tests.conformance --write SYSTEM`.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from models.references import Ref
from models.statements import Refused, Skipped, Statement
from streams.mapping import Tenant, load, tenant
from streams.sources import Said, translators

HERE = Path(__file__).parent
PAYLOADS = HERE / "payloads"
GOLDEN = HERE / "golden"
SUFFIXES = {".json", ".xml", ".txt"}  # record values; tables for reading and SOURCES.md are none
NOT_RECORDS = {"signature-vectors.json"}

# What stands in the place of a value when a payload is damaged.
WRONG: list[Any] = [
    None,
    True,
    0,
    -1,
    "",
    "x",
    [],
    {},
    [1],
    ["x", None, {}],
    {"a": {"b": []}},
    10**50,
    Decimal("1E+400"),
    "9" * 400,
    "0000-00-00",
    "2025-02-30T25:00:00Z",
    -(10**18),
    "NaN",
    "\u0000",
    "\U0001f4a9" * 50,
]


@cache
def tenant_of(system: str) -> Tenant:
    """The organisation of the samples as the translator of `system` is given it."""
    return tenant(load(PAYLOADS / "mapping.yaml"), system)


def files(system: str, pattern: str = "**/*") -> list[Path]:
    """The sample records of one system whose names match, third-party shapes among them."""
    found = (PAYLOADS / system).glob(pattern)
    return sorted(path for path in found if path.suffix in SUFFIXES and path.name not in NOT_RECORDS)


def cases(pattern: str = "**/*") -> list[tuple[str, Path]]:
    """(system, file) of every translator there is."""
    return [(system, path) for system in sorted(translators()) for path in files(system, pattern)]


def name(case: Any) -> str:
    """The name of a case in the list of tests."""
    return str(case.relative_to(PAYLOADS).with_suffix("")) if isinstance(case, Path) else str(case)


def translate(system: str, payload: bytes) -> list[Said]:
    """What the translator of `system` says of a payload of the sample organisation."""
    return list(translators()[system](payload, tenant_of(system)))


def read(system: str, path: Path) -> list[Said]:
    """What the translator says of a sample file."""
    return translate(system, path.read_bytes())


def statements(said: list[Said]) -> list[Statement]:
    """The statements among what was said."""
    return [one for one in said if isinstance(one, Statement)]


def encoded(said: list[Said]) -> bytes:
    """What was said as it goes into the log, one JSON array; amounts are text, digit by digit."""
    return msgspec.json.encode(said)


def outcome(system: str, payload: bytes) -> bytes:
    """The golden text of a payload: what was said without the mapping's revision, or the code of its refusal."""
    try:
        said = translate(system, payload)
    except Refused as refused:
        return json.dumps({"refused": refused.code}, indent=2).encode() + b"\n"
    plain = [msgspec.structs.replace(one, mapping=None) if isinstance(one, Statement) else one for one in said]
    return msgspec.json.format(encoded(plain), indent=2) + b"\n"


def golden(system: str, path: Path) -> Path:
    """The file that holds the golden translation of a sample."""
    return GOLDEN / system / f"{path.relative_to(PAYLOADS / system)}.json"


def write(system: str) -> int:
    """Write the golden files of one system, remove those without a sample; returns how many were written."""
    for old in sorted((GOLDEN / system).rglob("*.json")):
        old.unlink()
    for path in files(system):
        target = golden(system, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(outcome(system, path.read_bytes()))
    return len(files(system))


def leaves(value: Any) -> Iterator[Any]:
    """Every plain value inside statements, however deep."""
    if isinstance(value, msgspec.Struct):
        value = [getattr(value, field) for field in value.__struct_fields__]
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from leaves(part)
    else:
        yield value


def refs(value: Any) -> Iterator[Ref]:
    """Every reference inside statements."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from refs(getattr(value, field))
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from refs(part)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values inside a JSON document, the document itself first."""
    yield at
    if isinstance(value, dict):
        for key, part in value.items():
            yield from places(part, (*at, key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from places(part, (*at, number))


def put(document: Any, at: tuple[Any, ...], value: Any) -> Any:
    """A copy of the document with another value at one place."""
    if not at:
        return value
    changed = copy.deepcopy(document)
    inner = changed
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = value
    return changed


def without(document: Any, at: tuple[Any, ...]) -> Any:
    """A copy of the document without what stands at one place (a path that is not empty)."""
    changed = copy.deepcopy(document)
    inner = changed
    for step in at[:-1]:
        inner = inner[step]
    del inner[at[-1]]
    return changed


def with_unknown_fields(value: Any) -> Any:
    """A copy of the document with a field nobody knows in every object."""
    if isinstance(value, dict):
        return {**{key: with_unknown_fields(part) for key, part in value.items()}, "zzUnheardOf__x": {"of": [1, None]}}
    return [with_unknown_fields(part) for part in value] if isinstance(value, list) else value


def document(path: Path) -> Any:
    """The JSON value of a sample, numbers exactly; None where it is no JSON."""
    try:
        return json.loads(path.read_bytes(), parse_float=Decimal)
    except ValueError:
        return None


def dump(value: Any) -> bytes:
    """A JSON value as bytes, numbers written as they are."""
    numbers: list[str] = []

    def number(one: Any) -> str:
        numbers.append(str(one))
        return f"@{len(numbers) - 1}@"

    text = json.dumps(value, default=number)
    for index, one in enumerate(numbers):
        text = text.replace(f'"@{index}@"', one)
    return text.encode()


def only_refused(system: str, payload: bytes) -> list[Said] | None:
    """What is said of damaged bytes, or None where they are refused with a reason code; any other error passes through."""
    try:
        said = translate(system, payload)
    except Refused as refused:
        assert refused.code, "a refusal without a code"
        return None
    encoded(said)
    return said


def skipped(said: list[Said]) -> bool:
    """Whether nothing was said that is kept."""
    return all(isinstance(one, Skipped) for one in said)


if __name__ == "__main__":
    if sys.argv[1:2] != ["--write"] or len(sys.argv) < 3:
        sys.exit(__doc__)
    for wanted in sys.argv[2:]:
        sys.stdout.write(f"{wanted}: {write(wanted)} golden files\n")
