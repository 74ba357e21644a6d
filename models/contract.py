"""Contract: one head and its pages; taking a statement in is a short list of calls."""

from __future__ import annotations

import msgspec

from models import covers, evaluation, held, milestones, publication
from models.desk import Desk
from models.evaluation import Bench
from models.log import Answer, Ask, HandOver, Say, Shortcut, Withdraw
from models.references import Kind, Ref
from models.rules import rules
from models.state import BEGINNING, Conflict, Head, Held, Month, Page

__all__ = ["BEGINNING", "absorb", "answered", "dissolve", "only_heard_of", "take", "wake", "withdraw"]


def take(desk: Desk, ref: Ref, say: Say) -> None:
    """Fold a statement that reached the head of its contract."""
    statement = say.statement
    bench = _bench(desk, ref)
    head = bench.head
    family = str(say.family) if say.family else ""
    if family in head.moved and head.moved[family] not in say.path:
        desk.send(head.moved[family], say)
        return
    head.moved.pop(family, None)  # what moved away and came here by its own node is back
    head.now, bench.at = max(head.now, statement.at), statement.at
    page = bench.page("" if statement.ref.commercial or statement.ref.master else family)
    known = _known(page, say)
    asked = set(known.claims)
    if held.apply(known, statement, say.share):
        _join_names(page)
        _claims(desk, say, known, asked)
        _reconsider(bench, page, statement.ref.kind)
    evaluation.settle(bench)
    milestones.reach(bench, page, statement.id)
    publication.publish(bench, page, statement.id)
    bench.close()
    if len(say.path) > 2 and say.path[0] == statement.ref and say.share is None and say.family:
        desk.send(statement.ref, Shortcut(ref, say.family, statement.at))


def _bench(desk: Desk, ref: Ref) -> Bench:
    head = desk.records.head(ref)
    return Bench(desk, head or Head(ref, Page()))


def _known(page: Page, say: Say) -> Held:
    """What is held of the statement's document, under whichever of its names; other names' notifications join it."""
    statement = say.statement
    if statement.thin and str(statement.ref) not in page.held:
        named = next((h for h in page.held.values() if statement.ref in h.names), None)
        if named is not None:
            return named
    return page.held.setdefault(str(statement.ref), Held(statement.ref, statement.system))


def _join_names(page: Page) -> None:
    """Give notifications that came under another name of a document to the document, which may have been read since."""
    for known in [h for h in page.held.values() if h.document is not None and h.names]:
        for name in known.names:
            other = page.held.get(str(name))
            if other is not None and other.document is None and other is not known:
                told = page.held.pop(str(name)).thin
                known.thin.update({i: t for i, t in told.items() if known.read_at is None or t > known.read_at})


def _claims(desk: Desk, say: Say, known: Held, asked: set[Ref]) -> None:
    """Ask the node of each reference that the document names for the first time which contract it belongs to."""
    for claim in known.claims:
        if claim not in asked and claim != known.ref:
            desk.send(claim, Ask(known.ref, say.family, claim, say.at))


def _reconsider(bench: Bench, page: Page, kind: Kind) -> None:
    """A document changed: refresh what it covers, then run the rules that it concerns wherever they can answer anew."""
    gone, come = covers.refresh(bench.desk, bench.head, page) if page.name else ([], [])
    near: set[str] = set()
    if gone or come:
        near = covers.neighbours(bench.desk, bench.head, page, [*gone, *come]) | set(bench.head.unsettled)
    if not page.name:
        near = set(bench.head.unsettled) | _recent(bench)
    evaluation.changed(bench, page, kind, near)


def _recent(bench: Bench) -> set[str]:
    """The families whose lines lie in the terms that a commercial document may have changed: those now in force."""
    found: set[str] = set()
    for held_ in bench.head.page.held.values():
        term = getattr(held_.document, "term", None)
        if term is not None and term.start:
            for side in ("billing", "revenue"):
                found |= {c.family for c in covers.within(bench.desk, bench.head, term, side)}
    return found


def withdraw(desk: Desk, ref: Ref, entry: Withdraw) -> None:
    """A newer version of a document names another parent: its share here is no more."""
    bench = _bench(desk, ref)
    page = bench.page(str(entry.family))
    known = page.held.setdefault(str(entry.document), Held(entry.document, ""))
    for share in ("", str(entry.share)):
        known.withdrawn[share] = max(known.withdrawn.get(share, ()), entry.version)
    bench.head.now = max(bench.head.now, entry.at)
    _reconsider(bench, page, entry.document.kind)
    evaluation.settle(bench)
    rest = {key: h for key, h in page.held.items() if key != str(entry.document)}
    bench.close()
    if rest and entry.family == entry.document:
        _move(desk, bench, page, rest, entry.document)


def _move(desk: Desk, bench: Bench, page: Page, rest: dict[str, Held], to: Ref) -> None:
    """What hung below the withdrawn document follows it to its new contract."""
    head = bench.head
    desk.send(to, HandOver(head.ref, msgspec.structs.replace(Page(page.name), held=rest), head.now, head.now))
    for known in rest.values():  # what they claim may be another contract than the one they go to
        for claim in known.claims:
            desk.send(claim, Ask(known.ref, None, claim, head.now))
    head.moved[page.name] = to
    page.held = {key: h for key, h in page.held.items() if key not in rest}
    _reconsider(bench, page, to.kind)
    evaluation.settle(bench)
    bench.close()


def absorb(desk: Desk, ref: Ref, entry: HandOver) -> None:
    """Take over a page of a contract that turned out to be a part of this one."""
    bench = _bench(desk, ref)
    head = bench.head
    head.now = max(head.now, entry.now)
    head.moved = {**entry.moved, **head.moved}
    if any(held.here(theirs) for theirs in entry.page.held.values()):
        head.moved.pop(entry.page.name, None)
    page = bench.page(entry.page.name)
    for key, theirs in entry.page.held.items():
        page.held[key] = held.merge(page.held[key], theirs) if key in page.held else theirs
    _join_names(page)
    for key, life in entry.page.alerts.items():
        mine = page.alerts.get(key)
        if mine is None or mine.opening < life.opening:
            page.alerts[key] = life
        if page.alerts[key].open:
            head.open[key] = page.name
    page.milestones = {**entry.page.milestones, **page.milestones}
    page.published = {**entry.page.published, **page.published}
    _first_seen(page, entry.page)
    head.page.conflicts.update(entry.page.conflicts)
    for conflict in head.page.conflicts.values():  # what was another contract may be this one now
        desk.send(conflict.claim, Ask(conflict.document, None, conflict.claim, head.now))
    for kind in sorted({h.ref.kind for h in page.held.values()}):
        _reconsider(bench, page, kind)
    _revive(bench, page)
    evaluation.settle(bench)
    for key in entry.page.held:
        if key in page.held:
            milestones.reach(bench, page, page.held[key].statement)
    publication.publish(bench, page, "")
    bench.close()


def _first_seen(page: Page, theirs: Page) -> None:
    """Differences known there keep the time since when they are known."""
    for code, standings in theirs.findings.items():
        page.findings.setdefault(code, standings)


def _revive(bench: Bench, page: Page) -> None:
    """Run every rule that said something here or there, so that nothing stands that no longer holds."""
    known = rules()
    for name in ("", page.name):
        target = bench.page(name)
        scope = "family" if name else "contract"
        here = [c for c in target.findings if c in known and known[c].scope in (scope, "page")]
        evaluation.run(bench, target, [known[c] for c in here])
        for code in [c for c in target.findings if c not in here]:
            del target.findings[code]


def answered(desk: Desk, ref: Ref, entry: Answer) -> None:
    """Learn which contract a claim belongs to: another one than ours is a conflict."""
    bench = _bench(desk, ref)
    head, conflicts = bench.head, bench.head.page.conflicts
    key = f"{entry.document}|{entry.claim}"
    known = conflicts.get(key)
    if known is None and entry.head == ref and entry.at <= head.now:
        return
    if entry.head == ref:
        conflicts.pop(key, None)
    else:
        page = "" if entry.family is None or entry.family.commercial or entry.family.master else str(entry.family)
        conflicts[key] = Conflict(entry.document, entry.claim, entry.head, known.since if known else entry.at, page)
    if entry.head != ref and (known is None or known.head != entry.head):
        # it may have become a part of this contract while the answer was on its way: ask until it says the same twice
        desk.send(entry.claim, Ask(entry.document, entry.family, entry.claim, entry.at))
    head.now = max(head.now, entry.at)
    evaluation.run(bench, head.page, [rules()["identity_conflict"]])
    evaluation.settle(bench)
    bench.close()


def dissolve(desk: Desk, head: Head) -> None:
    """Forget a contract whose pages were handed over."""
    for name, dues in head.dues.items():
        for system, at in dues:
            desk.records.drop_due(system, at, head.ref, name)
    months: set[str] = set()
    for name in list(desk.records.pages(head.ref)):
        page = desk.records.page(head.ref, name)
        months |= {m for c in (page.covers if page else []) for m in covers.months_of(c)}
        desk.records.drop_page(head.ref, name)
    for month in sorted(months):
        desk.records.keep_month(head.ref, month, Month())
    desk.records.drop_head(head.ref)


def only_heard_of(desk: Desk, ref: Ref) -> bool:
    """Whether this head has no document yet, only notifications or withdrawn ones."""
    head = desk.records.head(ref)
    if head is None:
        return True
    if any(h.document is not None for h in head.page.held.values()):
        return False
    pages = (desk.records.page(ref, name) for name in desk.records.pages(ref))
    return not any(held.here(h) for page in pages if page for h in page.held.values())


def wake(desk: Desk, ref: Ref, names: list[str]) -> None:
    """Something on these pages is due at the time of the tick."""
    bench = _bench(desk, ref)
    if desk.tick is not None:
        bench.head.now = max(bench.head.now, desk.tick)
    for name in names:
        evaluation.woken(bench, name)
    evaluation.settle(bench)
    for name in names:
        publication.publish(bench, bench.page(name), "")
    bench.close()
