"""Replay: folds recorded native events with no broker and no Faust; the same input gives the same bytes out."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from agents.recording import Native
from models import correlation
from models.desk import Desk, Facts
from models.log import Entry, Tick, route
from models.outputs import Output, as_dict
from models.policy import Policy
from models.references import Ref
from models.statements import Notice, Refused, Skipped, Statement
from streams.mapping import Mappings
from streams.sources import SYSTEMS, translators
from tables.memory import Memory


class Replay:
    """One partition folded in memory: all hops of an event before the next one, a tick exactly at each due time."""

    def __init__(self, mappings: Mappings, policy: Policy) -> None:
        self.mappings = mappings
        self.records = Memory()
        self.facts = Facts(mappings.organisations(), policy)
        self.counts: Counter[str] = Counter()
        self._desk = Desk(self.records, self.facts)

    def native(self, record: Native) -> Iterator[dict[str, Any]]:
        """Fold one native record; what is due before it ticks first."""
        if record.received_at is not None:
            yield from self.until(record.received_at, inclusive=False)
        try:
            said = self._translate(record)
        except Refused as error:
            self.counts["dead_letter"] += 1
            yield {
                "kind": "dead_letter",
                "system": record.system,
                "error": error.code,
                "message": str(error),
                "at": _iso(record.received_at),
                "path": record.path,
                "line": record.line,
            }
            return
        entries: deque[tuple[Ref | None, Entry]] = deque()
        for statement in said:
            if isinstance(statement, Notice):
                entries.append((None, statement))
            else:
                entries.extend(route(statement))
        yield from self._fold(entries)

    def _translate(self, record: Native) -> list[Statement | Notice]:
        translate = translators().get(record.system)
        if translate is None:
            known = record.system in SYSTEMS
            self.counts[f"skipped {record.system}" if known else "unknown system"] += 1
            if not known:
                raise Refused("unknown_system", f"{record.system} is none of {', '.join(SYSTEMS)}")
            return []
        tenant = self.mappings.tenant(record.system, record.headers.get("tenant"))
        said: list[Statement | Notice] = []
        for one in translate(record.payload, tenant):
            if isinstance(one, Skipped):
                self.counts[f"skipped {one.reason}"] += 1
                continue
            self.counts["statements"] += 1
            at = record.received_at or (one.seen_at if isinstance(one, Statement) else None)
            if at is None:
                raise Refused("no_time", "neither received_at nor a time of its own; add it to manifest.json")
            said.append(msgspec.structs.replace(one, at=at, origin=record.origin()))
        return said

    def until(self, end: datetime, inclusive: bool = True) -> Iterator[dict[str, Any]]:
        """Let the clock run on: one tick at each deadline up to `end`."""
        while (due := self.records.next_due()) is not None and (due < end or (inclusive and due == end)):
            yield from self._fold(deque([(None, Tick(due))]))
            if self.records.next_due() == due:
                raise RuntimeError(f"a deadline at {due} stays due after its tick")

    def run(self, records: Iterable[Native], until: datetime | None = None, as_of: datetime | None = None) -> Iterator[dict[str, Any]]:
        """All outputs of a recording, in order; `until` lets the clock run on, `as_of` stops at what was known then."""
        for record in records:
            if as_of is not None and record.received_at is not None and record.received_at > as_of:
                break
            yield from self.native(record)
        end = as_of or until
        if end is not None:
            yield from self.until(end)

    def _fold(self, entries: deque[tuple[Ref | None, Entry]]) -> Iterator[dict[str, Any]]:
        outputs: list[Output] = []
        while entries:
            key, entry = entries.popleft()
            desk = self._desk
            desk.outputs, desk.onward = [], []
            correlation.fold(desk, key, entry)
            outputs += sorted(desk.outputs, key=_sort_key)
            entries.extend(desk.onward)
        for output in outputs:
            self.counts[output.kind] += 1
            yield as_dict(output)


def _sort_key(output: Output) -> tuple[str, str]:
    return output.kind, str(getattr(output, "alert", output.id))


def _iso(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


def replay(records: list[Native], mappings: Mappings, policy: Policy, until: datetime | None = None) -> Iterator[dict[str, Any]]:
    """All outputs of a recording, in order, with a machine of its own."""
    return Replay(mappings, policy).run(records, until)
