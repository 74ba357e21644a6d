"""Publication: a revenue event is published when CRM or CPQ, billing and ERP agree, and held with the reason otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from models import planned
from models.case import Case, Seen
from models.documents import Row, Status
from models.documents.schedule import RevenueElement, RevenuePlan
from models.evaluation import Bench
from models.findings import Evidence
from models.milestones import obligation
from models.outputs import RevenueEvent, digest
from models.references import Kind
from models.state import Page, Published

BOOK = "primary"
Rows = tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True)
class _Plan:
    """What the ERP plans for one obligation."""

    element: Seen[RevenueElement]
    plan: Seen[RevenuePlan]
    rows: Rows


def publish(bench: Bench, page: Page, cause: str) -> None:
    """Publish, revise or hold the schedule of each obligation on a page; waiting for something is not a hold."""
    if not page.name:
        return
    case = Case(bench.desk, bench.head, page, bench.head.now)
    for plan in _plans(case):
        state = page.published.setdefault(str(plan.element.ref), Published())
        alerts = _standing_in_the_way(bench, page, plan)
        if alerts:
            _hold(bench, state, plan, alerts, cause)
        elif not _waiting(bench, page, plan) and _agreed(case):
            _say(bench, state, plan, case, cause)


def _plans(case: Case) -> list[_Plan]:
    return [_Plan(e, plan, _rows(plan.doc.rows)) for e, plan in planned.actual(case) if not e.doc.held]


def _rows(rows: tuple[Row, ...]) -> Rows:
    return tuple((row.period, row.amount) for row in sorted(rows, key=lambda r: r.period))


def _subjects(plan: _Plan) -> set[str]:
    doc = plan.element.doc
    subscription = {f"subscription:{doc.subscription.id}"} if doc.subscription else set()
    return {f"product:{doc.product}", f"obligation:{plan.element.ref.id}", *subscription}


def _standing_in_the_way(bench: Bench, page: Page, plan: _Plan) -> list[str]:
    """The open alerts that concern the obligation: on its page, on its source's, or on what it was sold as."""
    wanted = _subjects(plan)
    source = str(plan.element.doc.source) if plan.element.doc.source else None
    found = []
    for key, name in sorted(bench.head.open.items()):
        ripe = bench.head.ripe.get(key)
        if name in (page.name, source) or (ripe and not name and wanted & set(ripe.subjects)):
            found.append(key)
    return found


def _waiting(bench: Bench, page: Page, plan: _Plan) -> bool:
    """Whether a finding on the same subjects waits for its deadline."""
    wanted = _subjects(plan)
    for source in (page, bench.head.page):
        for standings in source.findings.values():
            if any(not s.ripe and (source is page or wanted & set(s.finding.subjects)) and _judges(s.finding.rule) for s in standings):
                return True
    return False


def _judges(rule: str) -> bool:
    """Posting a period late says nothing about whether the plan is right."""
    return rule not in ("revenue_recognised_late", "invoice_missing")


def _agreed(case: Case) -> bool:
    """Whether sale and billing stand: an accepted quote (where there is CPQ) and a subscription in force."""
    sold = bool(case.quotes) or not case.org.has("cpq")
    return sold and any(s.doc.status in (Status.ACTIVE, Status.CANCELLED, Status.ENDED) for s in case.subscriptions)


def _say(bench: Bench, state: Published, plan: _Plan, case: Case, cause: str) -> None:
    said = digest(*(f"{p}={a}" for p, a in plan.rows), plan.element.doc.allocated, plan.element.doc.span)
    if state.held:
        state.held = False
        _emit(bench, "RevenueReleased", state, plan, cause)
    if said == state.digest:
        return
    before, revised = state.rows, bool(state.digest)
    state.digest, state.rows, state.version = said, plan.rows, state.version + 1
    _emit(bench, "ScheduleRevised" if revised else "RevenueScheduled", state, plan, cause, before=before)


def _hold(bench: Bench, state: Published, plan: _Plan, alerts: list[str], cause: str) -> None:
    if not state.held:
        state.held, state.holds = True, state.holds + 1
        _emit(bench, "RevenueHeld", state, plan, cause, reason="; ".join(alerts))


def _emit(bench: Bench, type_: str, state: Published, plan: _Plan, cause: str, before: Rows = (), reason: str = "") -> None:
    doc = plan.element.doc
    name = obligation(plan.element)
    evidence = _evidence(bench, plan)
    version = digest(*(f"{e.ref}@{e.version}" for e in evidence))
    plain = type_ in ("RevenueScheduled", "ScheduleRevised")
    bench.desk.emit(
        RevenueEvent(
            id=digest(BOOK, plan.element.ref, type_, state.version, state.holds if not plain else ""),
            type=type_,
            contract=str(bench.head.ref),
            obligation=name,
            entity=doc.entity,
            book=BOOK,
            currency=doc.currency,
            amount=abs(doc.allocated) if doc.allocated is not None else None,
            rows=plan.rows if plain else (),
            rows_before=before,
            convention=doc.convention or doc.rule,
            contract_version=version,
            schedule_version=state.version,
            policy=bench.desk.facts.policy.revision,
            reason=reason,
            at=bench.head.now,
            causes=(cause,) if cause else (),
            evidence=evidence,
            supersedes=digest(BOOK, plan.element.ref, _earlier(state), state.version - 1, "") if before else None,
        )
    )


def _earlier(state: Published) -> str:
    return "ScheduleRevised" if state.version > 2 else "RevenueScheduled"


def _evidence(bench: Bench, plan: _Plan) -> tuple[Evidence, ...]:
    """The sale, the subscription, the element and the plan, each in the version it was read in."""
    kinds = (Kind.QUOTE, Kind.SUBSCRIPTION)
    sold = [h for h in bench.head.page.held.values() if h.ref.kind in kinds and h.document is not None]
    seen = [Evidence(h.ref, h.system, h.version, "", h.origin) for h in sorted(sold, key=lambda h: h.ref.size)]
    return (*seen, plan.element.evidence(plan.element.doc.allocated), plan.plan.evidence(plan.plan.doc.amount))
