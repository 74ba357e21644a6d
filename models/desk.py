"""Desk: what one fold works with: the records, the facts, and what it puts out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from models.log import Entry
from models.organisation import Organisation
from models.outputs import Output
from models.policy import Policy
from models.records import Records
from models.references import Ref


@dataclass
class Facts:
    """What does not change while a log is folded: organisations by name, and the policy.

    `hearing` is false in a replay, where every system counts as heard up to the time of the fold.
    """

    organisations: dict[str, Organisation]
    policy: Policy
    hearing: bool = False

    def organisation(self, name: str) -> Organisation:
        """The organisation's facts; one that no mapping names has no systems, so no rule applies to it."""
        return self.organisations.get(name) or Organisation(name, {})


@dataclass
class Desk:
    """The records of a partition with the outputs and onward entries of one fold."""

    records: Records
    facts: Facts
    outputs: list[Output] = field(default_factory=list)
    onward: list[tuple[Ref, Entry]] = field(default_factory=list)
    tick: datetime | None = None  # the time of the tick being folded

    def send(self, to: Ref, entry: Entry) -> None:
        """Put an entry back on the log, keyed by `to`."""
        self.onward.append((to, entry))

    def emit(self, output: Output) -> None:
        """Publish an output."""
        self.outputs.append(output)
