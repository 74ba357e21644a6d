"""A story folded into the table's records over a dict, for tests of the web."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from agents import recording
from agents.recording import Native
from models import correlation, policy
from models.desk import Desk, Facts
from models.log import Entry, Tick, route
from models.outputs import Output
from models.references import Ref
from models.statements import Skipped, Statement
from streams.mapping import Mappings
from streams.sources import translators
from tables.records import Records

STORY = Path(__file__).parent / "stories" / "salesforce-zuora-netsuite"


@dataclass
class Store:
    """One partition's table as a dict, and what the fold put out. A Reader: each call gives fresh records."""

    facts: Facts
    table: dict[bytes, bytes] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)

    def records(self) -> Records:
        return Records(self.table.get, self._scan)

    def partitions(self) -> list[Records]:
        return [self.records()]

    def _scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        return iter(sorted((k, v) for k, v in self.table.items() if k.startswith(prefix)))

    def fold(self, key: Ref | None, entry: Entry) -> None:
        """One entry with all its hops, written as the worker writes it."""
        entries: deque[tuple[Ref | None, Entry]] = deque([(key, entry)])
        while entries:
            desk = Desk(self.records(), self.facts)
            correlation.fold(desk, *entries.popleft())
            entries.extend(desk.onward)
            self.outputs += desk.outputs
            self._write(desk.records.flush())  # type: ignore[attr-defined]

    def _write(self, writes: dict[bytes, bytes | None]) -> None:
        for key, value in writes.items():
            if value is None:
                self.table.pop(key, None)
            else:
                self.table[key] = value

    def tick(self, at: datetime) -> None:
        """The clock reaches `at`, through every deadline before it; all systems are heard up to then."""
        heard = {system: at for org in self.facts.organisations.values() for system in org.landscape.values()}
        while due := self._next_due(at):
            self.fold(None, Tick(due, dict.fromkeys(heard, due)))
        self.fold(None, Tick(at, heard))

    def _next_due(self, until: datetime) -> datetime | None:
        records = self.records()
        found = [due for system in records.awaited() for due, _, _ in records.due(system, until)]
        return min((due for due in found if due < until), default=None)


Change = Callable[[bytes], bytes]


def story(
    until: datetime | None = None,
    leave_out: tuple[str, ...] = (),
    change: dict[str, Change] | None = None,
    after: Callable[[Store], None] | None = None,
) -> Store:
    """The story up to `until` (all of it: None), some events left out or changed in their bytes, the clock run to the end.

    `after` is shown the store after each event.
    """
    natives = recording.read([STORY])
    mappings = recording.mappings_of(natives, STORY / "mapping-spine.yaml")
    store = Store(Facts(mappings.organisations(), policy.default()))
    for native in natives:
        assert native.received_at is not None
        if native.path in leave_out or (until and native.received_at > until):
            continue
        for statement in said(native, mappings, (change or {}).get(native.path)):
            for key, entry in route(statement):
                store.fold(key, entry)
        store.tick(native.received_at + timedelta(microseconds=1))
        if after:
            after(store)
    if until:
        store.tick(until)
    return store


def said(native: Native, mappings: Mappings, change: Change | None) -> Iterator[Statement]:
    """The statements of one native record, stamped with when it was received."""
    translate = translators().get(native.system)
    if translate is None:
        return
    payload = change(native.payload) if change else native.payload
    for one in translate(payload, mappings.tenant(native.system, native.headers.get("tenant"))):
        if isinstance(one, Statement) and native.received_at:
            yield msgspec.structs.replace(one, at=native.received_at, origin=native.origin())
        else:
            assert isinstance(one, Skipped)
