"""Dead letters: look at them, show their bytes, and send them back where they came from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agents.sending import open_log
from streams import topics
from streams.dead_letter import PREFIX, redriven
from streams.settings import Settings
from streams.transports.embedded.log import Log
from streams.transports.records import Received, header

ATTEMPTS_MAX = 10  # after which a letter needs a person to look, not another try


def _all(log: Log) -> Iterator[tuple[str, Received]]:
    """Every dead letter with its place, `partition:offset`."""
    return ((f"{number}:{record.offset}", record) for number, record in log.everything(topics.DEAD_LETTERS))


def _row(place: str, record: Received) -> dict[str, Any]:
    names = ("topic", "code", "message", "attempt", "stage", "first_failed_at", "partition", "offset")
    return {"place": place, **{name: header(record.headers, PREFIX + name) for name in names}}


def look(settings: Settings, limit: int) -> list[dict[str, Any]]:
    """The newest dead letters of each partition, at most `limit`."""
    log = open_log(settings)
    rows = [_row(place, record) for place, record in _all(log)]
    log.close()
    return rows[-limit:]


def payload(settings: Settings, place: str) -> bytes:
    """The bytes of one dead letter; raises ValueError where there is none."""
    log = open_log(settings)
    found = next((record for where, record in _all(log) if where == place), None)
    log.close()
    if found is None:
        raise ValueError(f"there is no dead letter at {place}; `tieout dead-letters list` shows where they are")
    return found.value or b""


def redrive(settings: Settings, places: list[str], go: bool) -> list[dict[str, Any]]:
    """Send the dead letters at these places (or `all`) back; without `go` only say what would be sent.

    A letter that came back too often is left where it is. Raises ValueError for a place without a letter.
    """
    log = open_log(settings)
    letters = dict(_all(log))
    chosen = list(letters) if places == ["all"] else places
    unknown = [place for place in chosen if place not in letters]
    if unknown:
        raise ValueError(f"there is no dead letter at {', '.join(unknown)}; `tieout dead-letters list` shows where they are")
    ready = [p for p in chosen if int(header(letters[p].headers, f"{PREFIX}attempt") or 0) < ATTEMPTS_MAX]
    if go and ready:
        log.append([redriven(letters[place]) for place in ready])
    log.close()
    return [{"place": p, "topic": r["topic"], "code": r["code"], "sent": go} for p in ready for r in [_row(p, letters[p])]]
