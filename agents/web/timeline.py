"""The timeline of a contract: documents first seen, milestones, alerts opened and closed, in time order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from agents.web.progress import TITLES
from models.rules import rules
from models.state import AlertState, Held, Page

EVENTS_MAX = 500


class Event(msgspec.Struct, frozen=True):
    """Something that happened: `what` is document, milestone, opened or closed."""

    at: datetime
    what: str
    text: str
    system: str = ""
    ref: str = ""


class Timeline(msgspec.Struct, frozen=True):
    """The newest events, oldest first; `left_out` are older ones."""

    events: list[Event]
    left_out: int = 0


def timeline(pages: Iterable[Page]) -> Timeline:
    """All that the pages remember, in time order."""
    found = [event for page in pages for event in _page(page)]
    found.sort(key=lambda e: (e.at, e.what, e.text))
    return Timeline(found[-EVENTS_MAX:], max(0, len(found) - EVENTS_MAX))


def _page(page: Page) -> Iterator[Event]:
    for held in page.held.values():
        if held.document is not None:
            yield Event(held.first_at, "document", f"{_kind(held)} {_number(held)} first seen", held.system, str(held.ref))
    for reached in page.milestones.values():
        yield Event(reached.at, "milestone", f"{TITLES.get(reached.code, reached.code)}: {reached.number}", ref=str(reached.subject))
    for life in page.alerts.values():
        yield from _alert(life)


def _alert(life: AlertState) -> Iterator[Event]:
    finding = life.finding
    if finding is None:
        return
    rule = rules().get(finding.rule)
    title = rule.title if rule else finding.rule
    again = f" (opening {life.opening})" if life.opening > 1 else ""
    text = f"{title}: {finding.message}"
    yield Event(life.opened_at, "opened", f"{text}{again}", ref=str(finding.anchor))
    if not life.open:
        yield Event(life.changed_at, "closed", text, ref=str(finding.anchor))


def _kind(held: Held) -> str:
    name = str(held.ref.kind).replace("_", " ").replace("erp", "ERP")
    return name[0].upper() + name[1:]


def _number(held: Held) -> str:
    return getattr(held.document, "number", None) or held.ref.id
