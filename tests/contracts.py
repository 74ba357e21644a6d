"""A contract stated in YAML, as canonical statements folded in memory, with a tick at each deadline."""

from __future__ import annotations

import copy
import re
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import yaml

from models import correlation
from models.desk import Desk, Facts
from models.documents import Document
from models.log import Entry, Tick, route
from models.organisation import Organisation
from models.outputs import Alert, Output
from models.policy import Policy, default, parse
from models.references import Kind, Ref
from models.state import Standing
from models.statements import Life, Statement, Unknown
from tables.memory import Memory

ORG = "o"
LANDSCAPE = {"crm": "salesforce", "cpq": "cpq", "billing": "zuora", "erp": "netsuite"}
FOLDER = Path(__file__).parent / "rules"
_REF = re.compile(rf"({'|'.join(Kind)})/(.+)")
_SPAN = re.compile(r"(\d{4}-\d\d-\d\d)?\.\.(\d{4}-\d\d-\d\d)?")
_PATH = re.compile(r"[\w.]+")
STATED = ("of", "at", "names", "parents", "claims", "unknown", "life", "thin", "version", "because", "read_at")


def load(path: Path) -> Any:
    """YAML in which every scalar is text, so that amounts keep their digits; `<<` merges a mapping into another."""
    return _merged(yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader))


def _merged(value: Any) -> Any:
    if isinstance(value, list):
        return [_merged(one) for one in value]
    if isinstance(value, dict):
        return (_merged(value["<<"]) if "<<" in value else {}) | {key: _merged(one) for key, one in value.items() if key != "<<"}
    return value


def instant(text: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ref(text: str) -> Ref:
    """The reference written kind/id."""
    return Ref.parse(f"{ORG}/{text}")


def plain(value: Any) -> Any:
    """The value with its references and periods spelled out for msgspec."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if match := _REF.fullmatch(value):
        return [ORG, match[1], match[2]]
    if match := _SPAN.fullmatch(value):
        return {"start": match[1], "until": match[2]}
    return None if value == "null" else value


def put(document: dict[str, Any], path: str, value: Any) -> None:
    """Set `lines.0.net` of a document."""
    *way, last = path.split(".")
    target: Any = document
    for step in way:
        target = target[int(step)] if isinstance(target, list) else target[step]
    if isinstance(target, list):
        target[int(last) : int(last) + 1] = [value]
    else:
        target[last] = value


def state(name: str, native: dict[str, Any], version: int) -> Statement:
    """What one system says: `native` holds ref, system, at and the document."""
    gone = native.get("life") == "deleted" or native.get("thin")
    document = None if gone else msgspec.convert(plain(native["document"]), type=Document, strict=False)
    at = instant(native["at"])
    return Statement(
        f"{name}-{version}",
        native["system"],
        ref(native["ref"]),
        (int(native.get("version", version)),),
        document,
        life=Life(native.get("life", "live")),
        thin=bool(native.get("thin")),
        names=tuple(map(ref, native.get("names", ()))),
        parents=tuple(map(ref, native.get("parents", ()))),
        claims=tuple(map(ref, native.get("claims", ()))),
        unknown=tuple(Unknown(*pair) for pair in native.get("unknown", ())),
        at=at,
        seen_at=at,
        read_at=instant(native["read_at"]) if "read_at" in native else None,
        because=native.get("because"),
    )


def statements(base: dict[str, Any], case: dict[str, Any]) -> list[Statement]:
    """The base's documents less those left out, with the case's changes, additions and later versions, by time."""
    out = set(case.get("without", ()))
    known = {name: copy.deepcopy(one) for name, one in (base | case.get("with", {})).items() if name not in (*out, "then")}
    for path, value in case.get("change", {}).items():
        name, _, rest = path.partition(".")
        if rest in STATED or rest == "system":
            known[name][rest] = value
        else:
            put(known[name]["document"], rest, value)
    said = [state(name, native, 1) for name, native in known.items()]
    later = [*([] if case.get("fresh") else base["then"]), *case.get("then", ())]
    versions = dict.fromkeys(known, 1)
    for entry in sorted(later, key=lambda one: str(one["at"])):
        name = entry["of"]
        if name not in known:
            continue
        versions[name] += 1
        for key, value in entry.items():
            if key in STATED:
                known[name] = {**known[name], key: value}
            else:
                put(known[name]["document"], key, value)
        said.append(state(name, known[name], versions[name]))
    return sorted(said, key=lambda one: one.at)


class Folded:
    """One partition in memory: what was said, what came out, and what stands."""

    def __init__(self, policy: Policy | None = None, landscape: dict[str, str] | None = None, **facts: Any) -> None:
        systems = LANDSCAPE if landscape is None else landscape
        organisation = Organisation(ORG, systems, **{"currency": "EUR", **facts})
        self.records = Memory()
        self.outputs: list[Output] = []
        self._desk = Desk(self.records, Facts({ORG: organisation}, policy or default()))

    def say(self, *said: Statement) -> Folded:
        """Fold statements; what is due before each ticks first."""
        for statement in said:
            self.until(statement.at, inclusive=False)
            self._fold(deque(route(statement)))
        return self

    def until(self, end: datetime, inclusive: bool = True) -> Folded:
        """Let the clock run on to `end`."""
        while (due := self.records.next_due()) is not None and (due < end or (inclusive and due == end)):
            self._fold(deque([(None, Tick(due))]))
            assert self.records.next_due() != due, f"{due} stays due after its tick"
        return self

    def _fold(self, entries: deque[tuple[Ref | None, Entry]]) -> None:
        while entries:
            self._desk.outputs, self._desk.onward = [], []
            correlation.fold(self._desk, *entries.popleft())
            self.outputs += self._desk.outputs
            entries.extend(self._desk.onward)

    def alerts(self, rule: str | None = None) -> list[Alert]:
        """The transitions of alerts, of one rule or of all."""
        return [one for one in self.outputs if isinstance(one, Alert) and rule in (None, one.rule)]

    def standing(self, rule: str) -> Iterator[Standing]:
        """What stands now of a rule, due or not."""
        for head in self.records.heads.values():
            names = self.records.pages(head.ref)
            pages = [head.page, *(page for name in names if (page := self.records.page(head.ref, name)))]
            for page in pages:
                yield from page.findings.get(rule, ())


def fold(case: dict[str, Any]) -> Folded:
    """A case on the base contract, folded with its policy and landscape up to its end."""
    policy = parse(yaml.safe_dump(case["policy"])) if "policy" in case else None
    landscape = {role: system for role, system in LANDSCAPE.items() if role not in case.get("no_system", ())}
    base = load(FOLDER / "base.yaml")
    folded = Folded(policy, landscape, **case.get("facts", {}))
    end = instant(case.get("until", "2025-01-31 00:00"))
    folded.say(*(one for one in statements({"then": []} if case.get("alone") else base, case) if one.at <= end))
    return folded.until(end)
