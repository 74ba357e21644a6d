"""The records of one partition in memory, for replays and tests: the same answers as the table, without a log."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from datetime import UTC, datetime

from models.references import Ref
from models.silence import HUSHED
from models.state import Head, Heard, Month, Node, Page

_LAST = datetime.max.replace(tzinfo=UTC)
Due = tuple[datetime, str, str]


class Memory:
    """Keeps the objects themselves; see models.records.Records for what each method means."""

    def __init__(self) -> None:
        self.nodes: dict[Ref, Node] = {}
        self.heads: dict[Ref, Head] = {}
        self._pages: dict[Ref, dict[str, Page]] = {}
        self._months: dict[tuple[Ref, str], Month] = {}
        self._dues: dict[str, list[Due]] = {}
        self._heard = Heard()

    def node(self, ref: Ref) -> Node | None:
        return self.nodes.get(ref)

    def keep_node(self, node: Node) -> None:
        self.nodes[node.ref] = node

    def head(self, ref: Ref) -> Head | None:
        return self.heads.get(ref)

    def keep_head(self, head: Head) -> None:
        self.heads[head.ref] = head

    def drop_head(self, ref: Ref) -> None:
        self.heads.pop(ref, None)

    def page(self, head: Ref, name: str) -> Page | None:
        return self._pages.get(head, {}).get(name)

    def keep_page(self, head: Ref, page: Page) -> None:
        self._pages.setdefault(head, {})[page.name] = page

    def drop_page(self, head: Ref, name: str) -> None:
        self._pages.get(head, {}).pop(name, None)

    def pages(self, head: Ref) -> Iterator[str]:
        return iter(sorted(self._pages.get(head, {})))

    def month(self, head: Ref, month: str) -> Month | None:
        return self._months.get((head, month))

    def keep_month(self, head: Ref, month: str, lines: Month) -> None:
        if lines.covers:
            self._months[head, month] = lines
        else:
            self._months.pop((head, month), None)

    def add_due(self, system: str, at: datetime, head: Ref, page: str) -> None:
        dues = self._dues.setdefault(system, [])
        entry = (at, str(head), page)
        place = bisect_left(dues, entry)
        if place == len(dues) or dues[place] != entry:
            insort(dues, entry)

    def drop_due(self, system: str, at: datetime, head: Ref, page: str) -> None:
        dues = self._dues.get(system, [])
        entry = (at, str(head), page)
        place = bisect_left(dues, entry)
        if place < len(dues) and dues[place] == entry:
            del dues[place]

    def due(self, system: str, until: datetime) -> list[tuple[datetime, Ref, str]]:
        dues = self._dues.get(system, [])
        return [(at, Ref.parse(head), page) for at, head, page in dues[: bisect_right(dues, (until, "\U0010ffff", ""))]]

    def awaited(self) -> list[str]:
        return sorted(system for system, dues in self._dues.items() if dues)

    def next_due(self) -> datetime | None:
        """The earliest deadline of all; a replay ticks exactly there."""
        return min((dues[0][0] for system, dues in self._dues.items() if dues and not system.startswith(HUSHED)), default=None)

    def heard(self) -> Heard:
        return self._heard

    def keep_heard(self, heard: Heard) -> None:
        self._heard = heard
