"""Revenue events: scheduled once when the systems agree, held while they do not, released and revised, never edited."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

from tests import spine


def _revenue(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [o for o in outputs if o["kind"] == "revenue"]


def test_a_wrong_plan_is_held_with_its_reason_and_released_when_it_is_right() -> None:
    """One row ten too low: the alert holds the obligation; the next plan ties, and the hold ends. Nothing else is held."""
    change = next(c for c in spine.SPINE["one_digit"] if c["event"].startswith("059"))
    _, outputs = spine.fold(spine.with_value(change["event"], change["path"], change["value"]))
    events = _revenue(outputs)
    assert Counter(e["type"] for e in events) == {"RevenueScheduled": 6, "RevenueHeld": 1, "RevenueReleased": 1}
    held, released = (next(e for e in events if e["type"] == kind) for kind in ("RevenueHeld", "RevenueReleased"))
    assert held["obligation"] == released["obligation"] == "A-S00004170/AN-SEAT-Y/2025-03-01"
    assert held["reason"].startswith("revenue_total_mismatch|") and held["rows"] == []


def test_nothing_is_published_while_sale_and_billing_differ() -> None:
    """Billing has sixty seats, fifty were sold: the seats' schedule is held and never scheduled until billing ties."""
    change = next(c for c in spine.SPINE["one_digit"] if c["event"].startswith("010") and c["value"] == "60")
    _, outputs = spine.fold(spine.with_value(change["event"], change["path"], change["value"]))
    seats = [e for e in _revenue(outputs) if e["obligation"] == "A-S00004170/AN-SEAT-Y/2025-03-01"]
    assert [e["type"] for e in seats] == ["RevenueHeld", "RevenueReleased", "RevenueScheduled"]
    assert "quantity_mismatch" in seats[0]["reason"]


def test_another_allocation_revises_the_schedule_and_names_what_it_replaces() -> None:
    """Element and plan both move to the same new amount: one revision with the rows of before and after."""
    _, outputs = spine.fold([replace(r, payload=_larger(r.path, r.payload)) for r in spine.records()])
    events = [e for e in _revenue(outputs) if e["obligation"].startswith("A-S00004170/API-OVG")]
    assert [e["type"] for e in events] == ["RevenueScheduled", "ScheduleRevised"]
    first, second = events
    assert second["supersedes"] == first["id"] and second["schedule_version"] == 2
    assert (second["rows_before"], second["rows"]) == ([["2025-06", "308.50"]], [["2025-06", "308.51"]])


def test_ids_are_the_same_in_every_replay() -> None:
    """A consumer can drop what it has seen."""
    first, second = ([e["id"] for e in _revenue(spine.fold(list(spine.records()))[1])] for _ in range(2))
    assert first == second and len(set(first)) == len(first)


def _larger(path: str, payload: bytes) -> bytes:
    """The usage obligation's plan of the close, one cent larger; the allocation too, by one cent, which is rounding."""
    if not path.startswith("048"):
        return payload
    document = json.loads(payload)
    document["record"]["lines"][0]["amount"] = "308.51"
    return json.dumps(document).encode()
