"""Lists: the alert queue, the contracts, and the overview, all from index rows; no contract is opened for them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from agents.web.filters import AlertFilter, ContractFilter, Slice, cut
from agents.web.reading import Partition
from models.findings import Severity
from models.money import ZERO, Money
from models.rules import rules
from models.state import BEGINNING
from models.summary import AlertRow, ContractRow

AGES: tuple[tuple[str, timedelta], ...] = (
    ("under 1 day", timedelta(days=1)),
    ("1 to 7 days", timedelta(days=7)),
    ("7 to 30 days", timedelta(days=30)),
    ("over 30 days", timedelta.max),
)
OLDEST = 10
_RANK = {severity: place for place, severity in enumerate(Severity)}


class AgeRow(msgspec.Struct, frozen=True):
    """Open alerts of one severity, by age."""

    severity: str
    counts: tuple[int, ...]
    total: int


class Risk(msgspec.Struct, frozen=True):
    """Amount at risk of one rule in one currency; currencies are never added up."""

    currency: str
    rule: str
    amount: Decimal
    alerts: int


class Source(msgspec.Struct, frozen=True):
    """How far a system has been heard, and whether its feed lost records."""

    system: str
    heard: datetime
    gap_since: datetime | None


class Summary(msgspec.Struct, frozen=True):
    """The overview: what is open, how old it is, what is at risk, and how much ties out."""

    at: datetime
    contracts: int
    contracts_with_alerts: int
    contracts_awaiting: int
    contracts_tied: int
    orphans: int
    awaited: int
    milestones: int
    open_alerts: int
    ages: tuple[str, ...]
    by_age: list[AgeRow]
    totals: list[Money]
    at_risk: list[Risk]
    oldest: list[AlertRow]
    sources: list[Source]


class RuleView(msgspec.Struct, frozen=True):
    """A rule in words, with what is open of it."""

    code: str
    severity: str
    title: str
    text: str
    scope: str
    open_alerts: int


def contracts(partitions: Sequence[Partition]) -> list[ContractRow]:
    """The rows of all contracts."""
    return [row for partition in partitions for row in partition.contracts()]


def alerts(partitions: Sequence[Partition]) -> list[AlertRow]:
    """The rows of all open alerts."""
    return [row for partition in partitions for row in partition.alerts()]


def summary(partitions: Sequence[Partition], now: datetime) -> Summary:
    """The overview at `now`."""
    rows, opened = contracts(partitions), alerts(partitions)
    return Summary(
        at=now,
        contracts=len(rows),
        contracts_with_alerts=sum(1 for r in rows if r.open_alerts),
        contracts_awaiting=sum(1 for r in rows if not r.open_alerts and r.waiting > 0),
        contracts_tied=sum(1 for r in rows if not r.open_alerts and r.waiting <= 0 and not r.orphan),
        orphans=sum(1 for r in rows if r.orphan),
        awaited=sum(max(r.waiting, 0) for r in rows),
        milestones=sum(r.milestones for r in rows),
        open_alerts=len(opened),
        ages=tuple(name for name, _ in AGES),
        by_age=by_age(opened, now),
        totals=totals(opened),
        at_risk=at_risk(opened),
        oldest=sorted(opened, key=lambda r: (r.opened_at, r.alert))[:OLDEST],
        sources=sources(partitions),
    )


def by_age(rows: Iterable[AlertRow], now: datetime) -> list[AgeRow]:
    """Open alerts by severity, worst first, and age; severities without one are left out, info too."""
    counts: Counter[tuple[str, int]] = Counter()
    for row in rows:
        age = now - row.opened_at
        counts[row.severity, next(place for place, (_, most) in enumerate(AGES) if age < most)] += 1
    found = []
    for severity in Severity:
        each = tuple(counts[severity, place] for place in range(len(AGES)))
        if any(each) or severity is not Severity.INFO:
            found.append(AgeRow(severity, each, sum(each)))
    return found


def at_risk(rows: Iterable[AlertRow]) -> list[Risk]:
    """Amount at risk per currency and rule, largest first within its currency."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row.amount:
            sums[row.amount.currency, row.rule] += row.amount.amount
            counts[row.amount.currency, row.rule] += 1
    found = [Risk(currency, rule, total, counts[currency, rule]) for (currency, rule), total in sums.items()]
    return sorted(found, key=lambda r: (r.currency, -r.amount, r.rule))


def totals(rows: Iterable[AlertRow]) -> list[Money]:
    """Amount at risk per currency."""
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        if row.amount:
            sums[row.amount.currency] += row.amount.amount
    return [Money(total, currency) for currency, total in sorted(sums.items())]


def sources(partitions: Sequence[Partition]) -> list[Source]:
    """The systems by how far they have been heard (the least of all partitions), the most silent first."""
    heard: dict[str, datetime] = {}
    gaps: dict[str, datetime] = {}
    for partition in partitions:
        state = partition.heard()
        for system, at in state.heard.items():
            heard[system] = min(at, heard.get(system, at))
        for name, at in state.gaps.items():
            system = name.rpartition("/")[2]
            gaps[system] = min(at, gaps.get(system, at))
    names = heard.keys() | gaps.keys()
    found = [Source(system, heard.get(system, BEGINNING), gaps.get(system)) for system in names]
    return sorted(found, key=lambda s: (s.heard, s.system))


def alert_list(partitions: Sequence[Partition], wanted: AlertFilter, now: datetime) -> Slice[AlertRow]:
    """The queue: open alerts that the filter lets through, sorted."""
    found = [row for row in alerts(partitions) if _alert_fits(row, wanted, now)]
    return cut(sorted(found, key=_ALERT_ORDERS[wanted.sort]), wanted.page, wanted.limit)


def _alert_fits(row: AlertRow, wanted: AlertFilter, now: datetime) -> bool:
    text = wanted.text.casefold()
    return (
        wanted.severity in ("", row.severity)
        and wanted.rule in ("", row.rule)
        and (not wanted.contract or wanted.contract.casefold() in row.contract.casefold())
        and (not wanted.system or wanted.system in row.systems)
        and (not text or any(text in x.casefold() for x in (row.message, row.subject, row.contract, row.alert)))
        and now - row.opened_at >= timedelta(days=wanted.older_than_days)
    )


def _by_amount(row: AlertRow) -> tuple[str, Decimal, str]:
    """Largest first within a currency: amounts of different currencies have no order."""
    return (row.amount.currency, -row.amount.amount, row.alert) if row.amount else ("~", ZERO, row.alert)


_ALERT_ORDERS: dict[str, Callable[[AlertRow], Any]] = {
    "severity": lambda row: (_RANK.get(Severity(row.severity), len(_RANK)), row.opened_at, row.alert),
    "oldest": lambda row: (row.opened_at, row.alert),
    "newest": lambda row: (BEGINNING - row.opened_at, row.alert),
    "amount": _by_amount,
    "contract": lambda row: (row.contract, row.opened_at, row.alert),
}


def contract_list(partitions: Sequence[Partition], wanted: ContractFilter) -> Slice[ContractRow]:
    """The contracts that the filter lets through, sorted."""
    found = [row for row in contracts(partitions) if _contract_fits(row, wanted)]
    return cut(sorted(found, key=_CONTRACT_ORDERS[wanted.sort]), wanted.page, wanted.limit)


def _contract_fits(row: ContractRow, wanted: ContractFilter) -> bool:
    text = wanted.text.casefold()
    named = not text or any(text in x.casefold() for x in (row.name, row.number, row.subscription, row.ref))
    return named and (not wanted.open or row.open_alerts > 0)


_CONTRACT_ORDERS: dict[str, Callable[[ContractRow], Any]] = {
    "number": lambda row: (row.number, row.ref),
    "name": lambda row: (row.name.casefold(), row.ref),
    "alerts": lambda row: (-row.open_alerts, row.number, row.ref),
    "changed": lambda row: (BEGINNING - row.changed_at, row.ref),
}


def rule_list(partitions: Sequence[Partition]) -> list[RuleView]:
    """All rules, with how many alerts are open of each."""
    opened = Counter(row.rule for row in alerts(partitions))
    return [RuleView(r.code, r.severity, r.title, r.text, r.scope, opened[r.code]) for r in rules().values()]
