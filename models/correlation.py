"""Correlation: fold one entry of the log into the records of its partition."""

from __future__ import annotations

from datetime import datetime

from models import contract, identity, silence
from models.desk import Desk
from models.evaluation import ANY
from models.log import Entry, Tick
from models.references import Ref
from models.statements import Notice


def fold(desk: Desk, key: Ref | None, entry: Entry) -> None:
    """Fold an entry; outputs and onward entries are left on the desk. `key` is None for what concerns a partition."""
    if isinstance(entry, Tick):
        tick(desk, entry)
    elif isinstance(entry, Notice):
        notice(desk, entry)
    elif key is None:
        raise ValueError(f"a {type(entry).__name__} needs the reference that it is keyed by")
    else:
        identity.fold(desk, key, entry)


def tick(desk: Desk, entry: Tick) -> None:
    """The clock moved on: wake every contract page whose awaited system has been heard up to its deadline."""
    heard = desk.records.heard()
    heard.at, heard.round = max(heard.at, entry.at), max(heard.round, entry.round)
    for system, at in entry.heard.items():
        heard.heard[system] = max(at, heard.heard.get(system, at))
    silence.listen(desk, heard, entry.at)
    desk.records.keep_heard(heard)
    desk.tick = entry.at
    woken: dict[Ref, list[str]] = {}
    for system in desk.records.awaited():
        for _, ref, page in desk.records.due(system, _reached(desk, entry, system)):
            pages = woken.setdefault(ref, [])
            if page not in pages:
                pages.append(page)
    for ref in sorted(woken, key=lambda r: r.size):
        contract.wake(desk, ref, woken[ref])
    desk.tick = None


def _reached(desk: Desk, entry: Tick, system: str) -> datetime:
    """Up to when deadlines that await a system may fire."""
    if system.startswith(silence.HUSHED):
        org, _, name = system.removeprefix(silence.HUSHED).partition("/")
        return contract.BEGINNING if silence.deaf_to(desk.records.heard(), org, [name]) else entry.at
    if not desk.facts.hearing:
        return entry.at
    heard = desk.records.heard().heard
    least = min(heard.values(), default=contract.BEGINNING)
    return min(entry.at, least if system == ANY else heard.get(system, contract.BEGINNING))


def notice(desk: Desk, entry: Notice) -> None:
    """A source lost records or was read again: while it has a gap, nothing new alerts that speaks of it."""
    heard = desk.records.heard()
    key = f"{entry.org}/{entry.system}"
    if entry.what in ("gap", "resync"):
        heard.gaps[key] = max(entry.at, heard.gaps.get(key, entry.at))
    elif entry.what == "heartbeat":
        heard.beats[key] = max(entry.at, heard.beats.get(key, entry.at))
    elif entry.what == "swept":
        heard.gaps.pop(key, None)
    desk.records.keep_heard(heard)
