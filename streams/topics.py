"""Topics: all of them, with partitions, retention and compaction, in this one place."""

from __future__ import annotations

from dataclasses import dataclass

from streams.settings import Settings
from streams.sources import SYSTEMS

SOURCE_PREFIX = "tieout.source."
STATEMENTS = "tieout.statements"
ALERTS = "tieout.alerts"
MILESTONES = "tieout.milestones"
REVENUE = "tieout.revenue"
REQUESTS = "tieout.requests"
COMMANDS = "tieout.commands"
PROGRESS = "tieout.progress"
DEAD_LETTERS = "tieout.dead-letters"

DAY_MS = 24 * 3600 * 1000


def source(system: str) -> str:
    """The topic of a system's native events."""
    return SOURCE_PREFIX + system


def system_of(topic: str) -> str:
    """The system whose native events a topic carries."""
    return topic.removeprefix(SOURCE_PREFIX)


SOURCES = [source(system) for system in SYSTEMS]


@dataclass(frozen=True)
class Spec:
    """How a topic is created. Without a retention it is kept for ever."""

    name: str
    partitions: int
    retention_ms: int | None = None
    compact: bool = False


def changelog(settings: Settings) -> str:
    """The changelog topic of the one table."""
    return f"{settings.app_id}-state-changelog"


def specs(settings: Settings) -> list[Spec]:
    """Every topic. What the worker's partitions share has the same count: Faust places them together by it."""
    many = settings.partitions
    kept_ms = settings.source_retention_days * DAY_MS
    return [
        *(Spec(name, many, kept_ms) for name in SOURCES),
        *(Spec(name, many) for name in (STATEMENTS, ALERTS, MILESTONES, REVENUE, REQUESTS, COMMANDS)),
        Spec(PROGRESS, 1, compact=True),  # small, and read as a whole by every worker
        Spec(DEAD_LETTERS, many),
        Spec(changelog(settings), many, compact=True),
    ]
