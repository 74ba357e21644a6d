"""A source that policy watches: silent when it says nothing for too long, and nothing else is called missing meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta

from agents.replay import Replay
from models import correlation
from models.desk import Desk
from models.log import Tick
from models.outputs import Alert
from models.policy import parse
from models.statements import Notice
from tests import spine

START = datetime.fromisoformat("2025-01-01T00:00:00+00:00")


def _beat(at: datetime) -> Notice:
    return Notice(f"beat {at}", "netsuite", "aster-1", "heartbeat", at=at)


def _watching() -> Replay:
    return Replay(spine.mappings(), parse("silence: {netsuite: 60}"))


def _say(machine: Replay, *entries: Notice | Tick) -> list[Alert]:
    desk = Desk(machine.records, machine.facts)
    for entry in entries:
        correlation.fold(desk, None, entry)
    return [output for output in desk.outputs if isinstance(output, Alert)]


def test_a_watched_source_is_silent_after_its_time_and_not_before() -> None:
    """Opens past 60 minutes, stays one alert, closes when the source is heard; its contract is null."""
    machine = _watching()
    assert _say(machine, _beat(START), Tick(START + timedelta(minutes=60))) == []
    told = _say(machine, Tick(START + timedelta(minutes=61)), Tick(START + timedelta(minutes=90)))
    assert [(a.rule, a.state, a.contract, a.subject) for a in told] == [("source_silent", "opened", None, "netsuite")]
    told = _say(machine, _beat(START + timedelta(minutes=95)), Tick(START + timedelta(minutes=96)))
    assert [a.state for a in told] == ["closed"]


def test_a_source_never_heard_of_is_not_silent_and_off_by_default() -> None:
    """Without a heartbeat there is nothing to miss; without an expectation in policy nobody listens."""
    assert _say(_watching(), Tick(START + timedelta(days=9))) == []
    plain = Replay(spine.mappings(), parse(""))
    assert _say(plain, _beat(START), Tick(START + timedelta(days=9))) == []


def test_nothing_is_missing_while_its_source_is_silent() -> None:
    """The ERP invoice never comes, and neither does anything else of the ERP: one alert, about the source, until it is heard."""
    machine = _watching()
    records = [r for r in spine.records() if r.path < "014" and "netsuite" not in r.path]
    posted = records[-1].received_at
    assert posted is not None
    _say(machine, _beat(posted))
    outputs = [o for r in records for o in machine.native(r)] + list(machine.until(posted + timedelta(hours=1)))
    told = _say(machine, Tick(posted + timedelta(hours=2)))
    assert [a.rule for a in told] == ["source_silent"]
    outputs += list(machine.until(posted + timedelta(days=2)))
    assert [o for o in outputs if o["kind"] == "alert"] == []
    later = posted + timedelta(days=2)
    told = _say(machine, _beat(later), Tick(later + timedelta(minutes=1)))
    assert ("source_silent", "closed") in [(a.rule, a.state) for a in told]
    assert ("invoice_not_in_erp", "opened") in [(a.rule, a.state) for a in told]


def test_a_gap_holds_alerts_back_until_the_sweep() -> None:
    """A feed that lost records opens nothing new about its system; when it was read again, what still holds is said."""
    machine = Replay(spine.mappings(), parse(""))
    gap = Notice("gap", "netsuite", "aster-1", "gap", at=START)
    _say(machine, gap)
    records = [r for r in spine.records() if r.path != "020-netsuite-invoice-first.json" and r.path < "021"]
    outputs = [o for r in records for o in machine.native(r)]
    end = datetime.fromisoformat("2025-03-03T12:00:00+00:00")
    outputs += list(machine.until(end))
    assert [o for o in outputs if o["kind"] == "alert"] == []
    told = _say(machine, replace_what(gap, "swept"), Tick(end))
    assert {a.rule for a in told} == {"invoice_not_in_erp"}


def replace_what(notice: Notice, what: str) -> Notice:
    """The same notice about something else."""
    return Notice(what, notice.system, notice.org, what, at=notice.at)
