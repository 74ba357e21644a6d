"""Progress: how far each source partition has been ingested and each partition's log folded, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from streams import topics
from streams.transports.records import Received, Record

Place = tuple[str, int]


class Ingested(msgspec.Struct, frozen=True, tag="ingested"):
    """Everything of a source partition before `offset` is on the statements log; the newest of it was received at `at`."""

    topic: str
    partition: int
    offset: int
    at: datetime


class FoldedRound(msgspec.Struct, frozen=True, tag="folded"):
    """A partition has folded the tick of this round, which said `heard`."""

    partition: int
    round: int
    heard: dict[str, datetime] = {}


Step = Ingested | FoldedRound
_encoder = msgspec.json.Encoder(order="deterministic")
_decoder: msgspec.json.Decoder[Step] = msgspec.json.Decoder(Step)


def instant(milliseconds: int) -> datetime:
    """A record's timestamp as an instant."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def record(step: Step) -> Record:
    """The record of a step; the last one of its key is what counts."""
    place = f"ingested/{step.topic}/{step.partition}" if isinstance(step, Ingested) else f"folded/{step.partition}"
    return Record(place.encode(), _encoder.encode(step))


@dataclass
class Progress:
    """What the progress topic says; fed with its records in any order."""

    partitions: int
    ingested: dict[Place, Ingested] = field(default_factory=dict)
    folded: dict[int, int] = field(default_factory=dict)
    heard: dict[str, datetime] = field(default_factory=dict)  # the most that any folded round said

    def note(self, received: Received) -> None:
        """Take in one record of the topic."""
        if received.value is None:
            return
        step = _decoder.decode(received.value)
        if isinstance(step, FoldedRound):
            self.folded[step.partition] = max(step.round, self.folded.get(step.partition, 0))
            self.heard = later(self.heard, step.heard)
            return
        place = step.topic, step.partition
        known = self.ingested.get(place)
        if known is None or step.offset > known.offset:
            at = step.at if known is None else max(step.at, known.at)
            self.ingested[place] = Ingested(step.topic, step.partition, step.offset, at)

    @property
    def complete(self) -> int:
        """The last round that every partition has folded."""
        return min(self.folded.get(number, 0) for number in range(self.partitions))

    def laggards(self) -> list[int]:
        """The partitions that hold the next round back."""
        return [number for number in range(self.partitions) if self.folded.get(number, 0) == self.complete]


def later(some: Mapping[str, datetime], others: Mapping[str, datetime]) -> dict[str, datetime]:
    """By system, the later of two instants."""
    return {name: max(at for at in (some.get(name), others.get(name)) if at is not None) for name in {*some, *others}}


def _by_system(ends: Mapping[Place, int]) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = {}
    for place, end in ends.items():
        if end > 0:
            found.setdefault(topics.system_of(place[0]), []).append(place)
    return found


def heard_by_clock(now: datetime, ends: Mapping[Place, int], ingested: Mapping[Place, Ingested], idle: set[Place]) -> dict[str, datetime]:
    """How far each system has been heard at `now`: the least of its partitions.

    A partition has been heard up to its newest ingested record, or up to now when it is fully read and has been idle.
    A system of which some partition has records and none was ingested, or which was never seen, is not heard at all.
    """
    heard = {}
    for system, places in _by_system(ends).items():
        if all(place in ingested for place in places):
            heard[system] = min(
                now if place in idle and ingested[place].offset >= ends[place] else min(ingested[place].at, now) for place in places
            )
    return heard


def heard_by_records(ends: Mapping[Place, int], ingested: Mapping[Place, Ingested]) -> dict[str, datetime]:
    """How far each system has been heard when only records count: of a fully read system, up to its newest record."""
    heard = {}
    for system, places in _by_system(ends).items():
        if all(place in ingested for place in places):
            behind = [ingested[place].at for place in places if ingested[place].offset < ends[place]]
            heard[system] = min(behind) if behind else max(ingested[place].at for place in places)
    return heard
