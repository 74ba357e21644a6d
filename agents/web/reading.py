"""Where views read from: the records of the partitions at hand, and how a contract is found by any of its names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from models import records
from models.identity import head_of
from models.references import Ref
from models.state import BEGINNING, Head, Node
from models.summary import AlertRow, ContractRow


class Partition(records.Records, Protocol):
    """The records of one partition, with the rows that lists read (tables.records.Records is one)."""

    def contracts(self) -> Iterator[ContractRow]:
        """The rows of all contracts."""

    def alerts(self) -> Iterator[AlertRow]:
        """The rows of all open alerts."""


class Reader(Protocol):
    """Gives the partitions this worker holds. Each call gives fresh records: they cache what they have read."""

    def partitions(self) -> Sequence[Partition]:
        """The partitions at hand, any number of them."""


@dataclass(frozen=True)
class Located:
    """A contract's head and the partition that holds it."""

    partition: Partition
    head: Head


def find(partitions: Sequence[Partition], name: str) -> Located | None:
    """The contract that `name` means: a reference of any of its documents, its number, or its subscription's number."""
    try:
        ref = Ref.parse(name)
    except ValueError:
        return _by_number(partitions, name)
    return _by_ref(partitions, ref) or _by_number(partitions, name)


def _by_ref(partitions: Sequence[Partition], ref: Ref) -> Located | None:
    head = head_of(lambda of: _node(partitions, of), ref)
    return _head(partitions, head) if head else None


def _node(partitions: Sequence[Partition], ref: Ref) -> Node | None:
    return next((node for p in partitions if (node := p.node(ref))), None)


def _head(partitions: Sequence[Partition], ref: Ref) -> Located | None:
    if ref.master:
        return None
    return next((Located(p, head) for p in partitions if (head := p.head(ref))), None)


def _by_number(partitions: Sequence[Partition], number: str) -> Located | None:
    """By number, over all organisations; where two have the same one, the reference tells them apart."""
    for partition in partitions:
        for row in partition.contracts():
            if number in (row.number, row.subscription):
                head = partition.head(Ref.parse(row.ref))
                return Located(partition, head) if head else None
    return None


def present(partitions: Sequence[Partition]) -> datetime:
    """The latest tick folded: ages are told against it, not the machine's clock. Before the first one, the latest change."""
    ticked = max((partition.heard().at for partition in partitions), default=BEGINNING)
    if ticked > BEGINNING:
        return ticked
    return max((row.changed_at for partition in partitions for row in partition.contracts()), default=BEGINNING)
