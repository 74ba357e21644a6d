"""Records on a key-value store: typed prefixes, one decode per batch, and an index for lists."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from models.references import Ref
from models.state import Head, Heard, Month, Node, Page
from models.summary import AlertRow, ContractRow, alert_rows, contract_row

Get = Callable[[bytes], bytes | None]
Scan = Callable[[bytes], Iterator[tuple[bytes, bytes]]]
T = TypeVar("T", bound=msgspec.Struct)
SEPARATOR = b"\0"
AWAITED = b"w\0"  # the systems that a deadline ever awaited: no tick reads all deadlines to find them
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_encoder = msgspec.msgpack.Encoder()
_SHAPES: dict[bytes, type[msgspec.Struct]] = {
    b"n": Node,
    b"h": Head,
    b"p": Page,
    b"m": Month,
    b"s": Heard,
    b"a": AlertRow,
    b"c": ContractRow,
}
_decoders = {prefix: msgspec.msgpack.Decoder(shape) for prefix, shape in _SHAPES.items()}


def key(prefix: bytes, *parts: str) -> bytes:
    """A typed key: prefix and parts, apart by a zero byte."""
    return SEPARATOR.join((prefix, *(part.encode() for part in parts)))


def _sortable(at: datetime) -> str:
    """An instant as text that sorts by time."""
    return f"{(at - _EPOCH) // _MICRO + (1 << 62):020d}"


def _instant(text: str) -> datetime:
    return _EPOCH + (int(text) - (1 << 62)) * _MICRO


class Records:
    """models.records.Records over `get` and `scan(prefix)`; after `flush`, `writes` holds what changed.

    `writes` maps each key to its new value, or to None where it was deleted; all of it belongs into one atomic write.
    """

    def __init__(self, get: Get, scan: Scan) -> None:
        self._get, self._scan = get, scan
        self._seen: dict[bytes, Any] = {}
        self._dirty: set[bytes] = set()
        self.writes: dict[bytes, bytes | None] = {}

    # -- reading and keeping objects

    def _load(self, where: bytes) -> Any:
        if where in self._seen:
            return self._seen[where]
        raw = self.writes[where] if where in self.writes else self._get(where)
        value = None if raw is None else _decoders[where[:1]].decode(raw)
        self._seen[where] = value
        return value

    def _words(self, where: bytes) -> set[str]:
        raw = self.writes[where] if where in self.writes else self._get(where)
        return set(raw.decode().split()) if raw else set()

    def _keep(self, where: bytes, value: msgspec.Struct | None) -> None:
        self._seen[where] = value
        self._dirty.add(where)

    def flush(self) -> dict[bytes, bytes | None]:
        """Encode what changed; returns all writes so far."""
        for where in sorted(self._dirty):
            value = self._seen[where]
            self.writes[where] = None if value is None else _encoder.encode(value)
        self._dirty.clear()
        return self.writes

    def _under(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """What the store holds under a prefix, with this batch's writes over it, in order of keys; read as it is used."""
        self.flush()
        mine = {k: v for k, v in self.writes.items() if k.startswith(prefix)}
        theirs = ((k, v) for k, v in self._scan(prefix) if k not in mine)
        return heapq.merge(theirs, sorted((k, v) for k, v in mine.items() if v is not None))

    # -- models.records.Records

    def node(self, ref: Ref) -> Node | None:
        found: Node | None = self._load(key(b"n", str(ref)))
        return found

    def keep_node(self, node: Node) -> None:
        self._keep(key(b"n", str(node.ref)), node)

    def head(self, ref: Ref) -> Head | None:
        found: Head | None = self._load(key(b"h", str(ref)))
        return found

    def keep_head(self, head: Head) -> None:
        self._keep(key(b"h", str(head.ref)), head)
        self._keep(key(b"c", str(head.ref)), contract_row(head))
        self._index(str(head.ref), head.page)

    def drop_head(self, ref: Ref) -> None:
        head = self.head(ref)
        if head is not None:
            self._index(str(ref), Page())
        self._keep(key(b"h", str(ref)), None)
        self._keep(key(b"c", str(ref)), None)

    def page(self, head: Ref, name: str) -> Page | None:
        found: Page | None = self._load(key(b"p", str(head), name))
        return found

    def keep_page(self, head: Ref, page: Page) -> None:
        self._keep(key(b"p", str(head), page.name), page)
        self._index(str(head), page)

    def drop_page(self, head: Ref, name: str) -> None:
        self._index(str(head), Page(name))
        self._keep(key(b"p", str(head), name), None)

    def pages(self, head: Ref) -> Iterator[str]:
        prefix = key(b"p", str(head), "")
        for where, _ in self._under(prefix):
            yield where[len(prefix) :].decode()

    def month(self, head: Ref, month: str) -> Month | None:
        found: Month | None = self._load(key(b"m", str(head), month))
        return found

    def keep_month(self, head: Ref, month: str, lines: Month) -> None:
        self._keep(key(b"m", str(head), month), lines if lines.covers else None)

    def add_due(self, system: str, at: datetime, head: Ref, page: str) -> None:
        self.writes[key(b"d", system, _sortable(at), str(head), page)] = b""
        awaited = self._words(AWAITED)
        if system not in awaited:
            self.writes[AWAITED] = " ".join(sorted({*awaited, system})).encode()

    def drop_due(self, system: str, at: datetime, head: Ref, page: str) -> None:
        self.writes[key(b"d", system, _sortable(at), str(head), page)] = None

    def due(self, system: str, until: datetime) -> list[tuple[datetime, Ref, str]]:
        last, found = _sortable(until), []
        for where, _ in self._under(key(b"d", system, "")):
            _, _, at, head, page = where.decode().split("\0", 4)
            if at > last:
                break
            found.append((_instant(at), Ref.parse(head), page))
        return found

    def awaited(self) -> list[str]:
        return sorted(self._words(AWAITED))

    def heard(self) -> Heard:
        found: Heard | None = self._load(key(b"s", "heard"))
        return found or Heard()

    def keep_heard(self, heard: Heard) -> None:
        self._keep(key(b"s", "heard"), heard)

    # -- the index that lists read

    def _index(self, head: str, page: Page) -> None:
        """Keep one row per open alert of a page; `i` remembers which rows a page has."""
        where = key(b"i", head, page.name)
        have = self._words(where)
        rows = alert_rows(head, page)
        for alert in have - rows.keys():
            self._keep(key(b"a", alert), None)
        for alert, row in rows.items():
            self._keep(key(b"a", alert), row)
        if have != rows.keys():
            self.writes[where] = " ".join(sorted(rows)).encode() if rows else None

    def contracts(self) -> Iterator[ContractRow]:
        """The rows of all contracts of this partition."""
        return (msgspec.msgpack.decode(value, type=ContractRow) for _, value in self._under(b"c\0"))

    def alerts(self) -> Iterator[AlertRow]:
        """The rows of all open alerts of this partition."""
        return (msgspec.msgpack.decode(value, type=AlertRow) for _, value in self._under(b"a\0"))
