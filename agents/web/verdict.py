"""The verdict on a contract in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from agents.web import wording
from agents.web.listing import totals
from agents.web.standing import EXPECTED, OPEN, WAITING, StandingView
from models.summary import AlertRow


class Verdict(msgspec.Struct, frozen=True):
    """`state` is differs, waiting, ties_out or empty; `sentence` says it to a person."""

    state: str
    sentence: str


def verdict(standing: Sequence[StandingView], opened: Sequence[AlertRow], unread: int, documents: int, now: datetime) -> Verdict:
    """What can be said of the contract as a whole."""
    if not documents:
        return Verdict("empty", "No document of this contract is known yet.")
    if opened:
        return Verdict("differs", _differs(standing, opened))
    waiting = [s for s in standing if s.state == WAITING]
    if waiting:
        return Verdict("waiting", _waits(waiting, now))
    if unread:
        return Verdict("waiting", f"Waiting for {wording.plural(unread, 'document')} to be read again after a notification.")
    ahead = next((s for s in standing if s.state == EXPECTED), None)
    if ahead:
        whence = f" from {ahead.awaits}" if ahead.awaits else ""
        return Verdict("ties_out", f"Ties out. Next expected{whence} by {wording.instant(ahead.due)}: {ahead.subject}.")
    return Verdict("ties_out", "Ties out.")


def _differs(standing: Sequence[StandingView], opened: Sequence[AlertRow]) -> str:
    risk = ", ".join(wording.money(total) for total in totals(opened))
    culprits = list(dict.fromkeys(s.culprit.system for s in standing if s.state == OPEN and s.culprit))
    parts = [wording.plural(len(opened), "open difference")]
    if risk:
        parts.append(f"{risk} at risk")
    blame = f"; {wording.listed(culprits)} {'is' if len(culprits) == 1 else 'are'} probably wrong" if culprits else ""
    return f"{', '.join(parts)}{blame}."


def _waits(waiting: Sequence[StandingView], now: datetime) -> str:
    first = waiting[0]
    until = wording.waiting(first.due, now, first.awaits).removeprefix("waiting").lstrip(":, ")
    more = (
        f" {wording.plural(len(waiting) - 1, 'more finding')} {'waits' if len(waiting) == 2 else 'wait'} too." if len(waiting) > 1 else ""
    )
    return f"Waiting for {first.awaits or 'a system'} ({first.title.lower()}: {first.subject}), {until}.{more}"
