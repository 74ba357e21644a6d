"""Silence: which sources have said nothing for longer than policy allows; judged at each tick, by heartbeats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models import alerts
from models.desk import Desk
from models.rules import rules
from models.state import AlertState, Heard, Standing

CODE = "source_silent"
HUSHED = "hushed "  # before "organisation/system": what waits for that source to be heard again


@dataclass(frozen=True)
class Feed:
    """A source of an organisation: when it was last heard of, and how long it may be silent."""

    org: str
    system: str
    last: datetime
    allowed: timedelta


def expected(desk: Desk, heard: Heard) -> Iterator[Feed]:
    """The sources that policy expects to speak and that have spoken at least once: one never heard of is not silent."""
    for key, last in sorted(heard.beats.items()):
        org, _, system = key.partition("/")
        minutes = desk.facts.policy.silence.get(system)
        if minutes is not None:
            yield Feed(org, system, last, timedelta(minutes=minutes))


def listen(desk: Desk, heard: Heard, now: datetime) -> None:
    """Open and close the alerts about silent sources, as of `now`. They belong to a source: their contract is null."""
    check: Callable[[Any], Iterator[Any]] = rules()[CODE].check
    for feed in expected(desk, heard):
        key = f"{feed.org}/{feed.system}"
        silent = now > feed.last + feed.allowed and CODE not in desk.facts.policy.off
        life = heard.silent.setdefault(key, AlertState())
        if not silent and not life.open:
            continue
        finding = next(check(feed))
        standing = Standing(finding, feed.last, feed.last + feed.allowed) if silent else None
        alerts.move(desk, None, life, standing, now, ())


def deaf_to(heard: Heard, org: str, systems: Iterable[str]) -> str | None:
    """The first of these sources, as "organisation/system", that lost records or is silent: nothing new alerts on it."""
    keys = (f"{org}/{system}" for system in systems)
    return next((key for key in keys if key in heard.gaps or is_silent(heard, *key.split("/", 1))), None)


def is_silent(heard: Heard, org: str, system: str) -> bool:
    """Whether a source's silence is being alerted: what waits for it goes on waiting."""
    life = heard.silent.get(f"{org}/{system}")
    return life is not None and life.open
