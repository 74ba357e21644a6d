"""Evaluation: run the rules that a change concerns, decide what may alert now, and wake again when more is due."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from models import alerts, lapses
from models.case import Case
from models.desk import Desk
from models.findings import Finding, precedence
from models.references import Kind
from models.rules import Rule, concerned, rules
from models.silence import HUSHED, deaf_to
from models.state import BEGINNING, AlertState, Head, Page, Ripe, Standing

ANY = "any"  # a deadline that awaits no single system waits for the least heard one


class Bench:
    """The pages of one contract that are open while one entry is folded."""

    def __init__(self, desk: Desk, head: Head) -> None:
        self.desk, self.head = desk, head
        self.at: datetime | None = None  # the record time of the statement being folded
        self.pages: dict[str, Page] = {"": head.page}

    def page(self, name: str) -> Page:
        """A page, new if there is none yet."""
        if name not in self.pages:
            self.pages[name] = self.desk.records.page(self.head.ref, name) or Page(name)
        return self.pages[name]

    def close(self) -> None:
        """Keep the head and every page that was opened."""
        for name, page in self.pages.items():
            if name:
                self.desk.records.keep_page(self.head.ref, page)
        self.desk.records.keep_head(self.head)


def run(bench: Bench, page: Page, which: Iterable[Rule]) -> None:
    """Run rules on a page and note what stands; a finding keeps the time at which it was first seen."""
    case = Case(bench.desk, bench.head, page, bench.head.now)
    off = bench.desk.facts.policy.off
    for rule in which:
        before = {s.finding.key: s for s in page.findings.get(rule.code, ())}
        found = [] if rule.code in off else list(rule.check(case))
        now = [_standing(finding, before.get(finding.key), bench.head.now) for finding in found]
        if bench.at is not None and bench.desk.facts.hearing:
            lapses.note(page, rule.code, before.values(), {s.finding.key for s in now}, bench.at)
        if now:
            page.findings[rule.code] = now
        else:
            page.findings.pop(rule.code, None)


def _standing(finding: Finding, before: Standing | None, now: datetime) -> Standing:
    first = before.first_seen if before else now
    due = finding.due if finding.due is not None else first + finding.grace
    if finding.not_before and finding.due is None:
        due = max(due, finding.not_before)
    return Standing(finding, first, due, before.ripe if before and before.due >= due else False)


def changed(bench: Bench, page: Page, kind: Kind, near: Iterable[str]) -> None:
    """A document of `kind` changed on `page`: run what it concerns, there, on the contract, and near it."""
    run(bench, page, concerned("page", kind))
    if page.name:
        run(bench, page, concerned("family", kind))
    run(bench, bench.head.page, concerned("contract", kind))
    for name in sorted(set(near) - {page.name, ""}):
        if bench.desk.records.page(bench.head.ref, name) or name in bench.pages:
            run(bench, bench.page(name), concerned("family", kind))


def woken(bench: Bench, name: str) -> None:
    """Something on a page is due: run again the rules whose findings stand there."""
    page = bench.page(name)
    known = rules()
    run(bench, page, [known[code] for code in list(page.findings) if code in known])


def _may_open(bench: Bench, standing: Standing) -> bool:
    """Whether the finding's time has come, by what has been heard of the system it awaits."""
    desk, due = bench.desk, standing.due
    if desk.facts.hearing:
        heard = desk.records.heard()
        awaits = standing.finding.awaits
        reached = heard.heard.get(awaits, BEGINNING) if awaits else min(heard.heard.values(), default=BEGINNING)
        return min(heard.at, reached) >= due
    return due <= desk.tick if desk.tick else due < bench.head.now


def _blocked(bench: Bench, page: Page, finding: Finding) -> bool:
    """Whether a notification waits for its read, or the feed of a system it speaks of has a gap: nothing new alerts."""
    if finding.rule in ("document_read_late", "feed_gap"):
        return False
    waiting = any(h.thin for p in (page, bench.head.page) for h in p.held.values())
    return waiting or _deaf(bench, finding) is not None


def _deaf(bench: Bench, finding: Finding) -> str | None:
    return deaf_to(bench.desk.records.heard(), finding.anchor.org, finding.systems)


def settle(bench: Bench) -> None:
    """Let findings ripen, decide by precedence which of them alert, and open, change or close their alerts."""
    head = bench.head
    if head.ripe or head.open or head.unsettled or any(p.findings or p.lapses for p in bench.pages.values()):
        for page in list(bench.pages.values()):
            _ripen(bench, page)
        _transitions(bench)
        for page in list(bench.pages.values()):
            _judge(bench, page)
    for page in bench.pages.values():
        _schedule(bench, page)


def _ripen(bench: Bench, page: Page) -> None:
    head = bench.head
    stale = {key for key, ripe in head.ripe.items() if ripe.page == page.name}
    count = 0
    for standings in page.findings.values():
        for standing in standings:
            count += 1
            finding = standing.finding
            if not standing.ripe and _may_open(bench, standing) and not _blocked(bench, page, finding):
                standing.ripe = True
            if standing.ripe:
                head.ripe[finding.key] = Ripe(finding.key, finding.rule, page.name, finding.subjects)
                stale.discard(finding.key)
    for key in stale:
        del head.ripe[key]
    if count:
        head.unsettled[page.name] = count
    else:
        head.unsettled.pop(page.name, None)


def _transitions(bench: Bench) -> None:
    head = bench.head
    verdict = precedence(head.ripe.values())
    effects: dict[str, list[str]] = {}
    for key, cause in verdict.items():
        if cause:
            effects.setdefault(cause, []).append(key)
    for key in sorted({*verdict, *head.open}):
        alerting = key in verdict and verdict[key] is None
        if not alerting and key not in head.open:
            continue
        name = head.ripe[key].page if key in head.ripe else head.open[key]
        page = bench.page(name)
        standing = _find(page, key) if alerting else None
        life = page.alerts.setdefault(key, AlertState())
        alerts.move(bench.desk, head.ref, life, standing, head.now, tuple(sorted(effects.get(key, ()))))
        if life.open:
            head.open[key] = name
        else:
            head.open.pop(key, None)


def _judge(bench: Bench, page: Page) -> None:
    """Say of each lapse whose deadline has been heard that it was late and has been healed."""
    for key, lapse in sorted(page.lapses.items()):
        if not _may_open(bench, lapse.standing):
            continue
        del page.lapses[key]
        if lapses.alerting(lapse, page, bench.head.ripe) and key not in bench.head.open:
            life = page.alerts.setdefault(key, AlertState())
            alerts.move(bench.desk, bench.head.ref, life, lapse.standing, bench.head.now, ())
            alerts.move(bench.desk, bench.head.ref, life, None, bench.head.now, ())


def _find(page: Page, key: str) -> Standing | None:
    return next((s for standings in page.findings.values() for s in standings if s.finding.key == key), None)


def _hushed(bench: Bench, page: Page) -> set[tuple[str, datetime]]:
    """What could alert but for a source that is not heard: it is woken when the source is heard again."""
    due = [s for standings in page.findings.values() for s in standings if not s.ripe and _may_open(bench, s)]
    return {(HUSHED + key, s.due) for s in due if (key := _deaf(bench, s.finding))}


def _schedule(bench: Bench, page: Page) -> None:
    """Keep the due index equal to what waits on a page."""
    head, records = bench.head, bench.desk.records
    # one that could alert but for a notification that waits for its read needs no clock: the read wakes it
    waiting = [s for standings in page.findings.values() for s in standings if not s.ripe and not _may_open(bench, s)]
    waiting += [lapse.standing for lapse in page.lapses.values()]
    wanted = sorted({(s.finding.awaits or ANY, s.due) for s in waiting} | _hushed(bench, page))
    have = head.dues.get(page.name, [])
    for system, at in have:
        if (system, at) not in wanted:
            records.drop_due(system, at, head.ref, page.name)
    for system, at in wanted:
        if (system, at) not in have:
            records.add_due(system, at, head.ref, page.name)
    if wanted:
        head.dues[page.name] = wanted
    else:
        head.dues.pop(page.name, None)
