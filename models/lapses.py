"""Lapses: deadlines that had passed when what they awaited arrived, before enough had been heard to say so.

A service folds late what happened early: a document that heals a finding may carry a record time after the finding's
deadline while the clock has not come that far. Such a finding is not forgotten. It is kept until everything of its
deadline has been heard; if no record of before the deadline came meanwhile, its alert opens and closes, as it would
have if the same time had been lived slowly. A replay ticks at each deadline and knows no lapses.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from models.findings import precedence
from models.state import Lapse, Page, Ripe, Standing


def note(page: Page, rule: str, before: Iterable[Standing], standing: set[str], at: datetime) -> None:
    """Keep what a rule's findings were and are not any more since a record of `at`, which is after their deadline.

    What was due after `at` is forgiven: the record may have been in time.
    """
    for key in [k for k, lapse in page.lapses.items() if lapse.standing.finding.rule == rule and at <= lapse.standing.due]:
        del page.lapses[key]
    for was in before:
        key = was.finding.key
        if key in standing:
            page.lapses.pop(key, None)
        elif not was.ripe and was.due < at:
            page.lapses.setdefault(key, Lapse(was, at))


def alerting(lapse: Lapse, page: Page, ripe: dict[str, Ripe]) -> bool:
    """Whether nothing closer to the cause stands on the same subject."""
    finding = lapse.standing.finding
    own = Ripe(finding.key, finding.rule, page.name, finding.subjects)
    return precedence([*ripe.values(), own])[finding.key] is None
