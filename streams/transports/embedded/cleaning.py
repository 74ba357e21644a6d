"""Compaction and retention of the embedded log, a little at a time, so that writers are never held up for long."""

from __future__ import annotations

import time

from streams.transports.embedded.log import OFFSET_BITS, Log

CHUNK = 2000  # records dropped in one transaction
TOMBSTONE_MS = 24 * 3600 * 1000  # how long a deletion stays readable for a table that recovers

_SUPERSEDED = """
    id BETWEEN ?1 AND ?2 AND (
        id NOT IN (SELECT max(id) FROM record WHERE id BETWEEN ?1 AND ?2 GROUP BY key)
        OR (value IS NULL AND time < ?3 AND id < ?2))
"""
_EXPIRED = "id >= ?1 AND id < (SELECT coalesce(min(id), ?2) FROM record WHERE id BETWEEN ?1 AND ?2 AND time >= ?3)"


def clean(log: Log, now_ms: int | None = None) -> int:
    """Drop what compaction and retention allow; returns the number of records dropped.

    A compacted partition is cleaned when more records were added since the last time than were kept then: the work
    stays proportional to what was appended, and the partition at most about twice its live size. The last record of a
    partition always stays, as recovery reads until it meets it. Offsets are never reused.
    """
    now = int(time.time() * 1000) if now_ms is None else now_ms
    rows = log.db.execute("SELECT id, next, cleaned, kept, compact, retention_ms FROM partition JOIN topic ON name=topic").fetchall()
    dropped = 0
    for id_, end, cleaned, kept, compact, retention_ms in rows:
        first, last = id_ << OFFSET_BITS, id_ << OFFSET_BITS | max(end - 1, 0)
        if compact and end - cleaned > kept + CHUNK:
            dropped += _drop(log, _SUPERSEDED, (first, last, now - TOMBSTONE_MS))
            _mark_cleaned(log, id_, first, last)
        if retention_ms:
            dropped += _drop(log, _EXPIRED, (first, last, now - retention_ms))
    return dropped


def _mark_cleaned(log: Log, id_: int, first: int, last: int) -> None:
    (kept,) = log.db.execute("SELECT count(*) FROM record WHERE id BETWEEN ? AND ?", (first, last)).fetchone()
    log.db.execute("UPDATE partition SET cleaned=?, kept=? WHERE id=?", (last - first + 1, kept, id_))


def _drop(log: Log, condition: str, values: tuple[int, int, int]) -> int:
    log.db.execute("CREATE TEMP TABLE doomed(id INTEGER)")
    try:
        # Collecting reads a snapshot without holding up writers; only the short deletions below lock.
        log.db.execute(f"INSERT INTO doomed SELECT id FROM record WHERE {condition}", values)
        (count,) = log.db.execute("SELECT count(*) FROM doomed").fetchone()
        for start in range(0, count, CHUNK):
            log.db.execute("DELETE FROM record WHERE id IN (SELECT id FROM doomed WHERE rowid > ? AND rowid <= ?)", (start, start + CHUNK))
    finally:
        log.db.execute("DROP TABLE doomed")
    return int(count)
