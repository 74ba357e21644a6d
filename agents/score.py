"""Score: injected divergences against the alerts that opened: found, missed, false."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from agents.simulator import Injected


@dataclass
class Score:
    """What was injected, and which of it an alert found; an alert that no label explains is false."""

    injected: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    missed: list[Injected] = field(default_factory=list)
    false: list[Mapping[str, Any]] = field(default_factory=list)

    def summary(self) -> dict[str, int]:
        """The four figures."""
        figures = {"injected": self.injected.total(), "found": self.found.total()}
        return {**figures, "missed": len(self.missed), "false": len(self.false)}


def score(labels: Iterable[Injected], opened: Iterable[Mapping[str, Any]], until: datetime) -> Score:
    """Match each label that must show by `until` with one opened alert of its rule, contract and subject."""
    result = Score()
    alerts = list({(a["alert"], a["opened_at"]): a for a in opened}.values())
    for label in labels:
        match = next((a for a in alerts if _explains(label, a)), None)
        if match is not None:
            alerts.remove(match)
        elif label.by > until:
            continue
        result.injected[label.rule] += 1
        if match is not None:
            result.found[label.rule] += 1
        else:
            result.missed.append(label)
    result.false = alerts
    return result


def _explains(label: Injected, alert: Mapping[str, Any]) -> bool:
    """Whether the alert is the label's: same rule, its contract, and every word of its subject."""
    if alert["rule"] != label.rule or (label.contract and label.contract not in (alert["contract"] or "")):
        return False
    refs = " ".join("/".join(e["ref"]) if isinstance(e["ref"], list) else str(e["ref"]) for e in alert["evidence"])
    said = " ".join((alert["subject"], alert["part"], alert["period"], alert["message"], alert["contract"] or "", refs))
    return all(word in said for word in label.subject.split())
