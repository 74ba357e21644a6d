"""Invoices, credits, payments and refunds of billing, each with its copies in the ERP, differing cells marked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

import msgspec

from agents.web import wording
from agents.web.cells import Cell
from agents.web.standing import EFFECT, OPEN, StandingView
from models.case import Case, Seen, Shape
from models.documents import Credit, Invoice, Payment, Refund
from models.findings import Finding
from models.money import ZERO, minor_unit
from models.receipts import receipts, refunds
from models.references import Kind
from models.state import Page

Paper = Invoice | Credit | Payment | Refund
SUMS = ("net", "tax", "gross", "balance")
_MISSING = {
    "invoice": ("invoice_not_in_erp",),
    "credit": ("credit_memo_not_in_erp",),
    "payment": ("payment_not_recorded",),
    "refund": ("refund_mismatch",),
}


class Booked(msgspec.Struct, frozen=True):
    """One document in one system: its number, dates, status, and its amounts in the order of SUMS."""

    system: str
    ref: str
    number: str
    status: str
    dated: str
    due: str
    sums: tuple[Cell, ...]


class Entry(msgspec.Struct, frozen=True):
    """A document of billing with its copies in the ERP; `missing` says what is known where there is none."""

    kind: str
    currency: str
    dated: date | None
    billing: Booked | None
    copies: list[Booked]
    missing: str

    @property
    def differs(self) -> bool:
        """Whether an amount differs between billing and the ERP."""
        return bool(self.billing) and any(cell.differs for copy in self.copies for cell in copy.sums)


def ledger(cases: Iterable[tuple[Page, Case]], standing: Sequence[StandingView]) -> list[Entry]:
    """All of a contract's receivables documents, by date."""
    found: list[Entry] = []
    for _, case in cases:
        found += _page(case, standing)
    return sorted(found, key=lambda e: (e.dated or date.max, e.kind, e.billing.number if e.billing else ""))


def _page(case: Case, standing: Sequence[StandingView]) -> Iterator[Entry]:
    invoices, booked = case.docs(Kind.INVOICE, Invoice), case.docs(Kind.ERP_INVOICE, Invoice)
    yield from _pairs(case, "invoice", invoices, booked, lambda i: _copies(i, booked, len(invoices) == 1), standing)
    credits, booked_credits = case.docs(Kind.CREDIT, Credit), case.docs(Kind.ERP_CREDIT, Credit)
    yield from _pairs(case, "credit", credits, booked_credits, lambda c: _copies(c, booked_credits, len(credits) == 1), standing)
    payments, received = case.docs(Kind.PAYMENT, Payment), case.docs(Kind.ERP_PAYMENT, Payment)
    yield from _pairs(case, "payment", payments, received, lambda p: receipts(case, p), standing)
    given, booked_refunds = case.docs(Kind.REFUND, Refund), case.docs(Kind.ERP_REFUND, Refund)
    yield from _pairs(case, "refund", given, booked_refunds, lambda r: refunds(case, r), standing)


def _copies(paper: Seen[Shape], booked: Sequence[Seen[Shape]], only: bool) -> list[Seen[Shape]]:
    """The ERP documents that name this one; where it is the only one of its family, also those that name none."""
    names = {paper.ref, *paper.held.names}
    return [b for b in booked if (named := getattr(b.doc, "counterpart", None)) in names or (named is None and only)]


def _pairs(
    case: Case,
    kind: str,
    papers: Sequence[Seen[Shape]],
    booked: Sequence[Seen[Shape]],
    copies: Callable[[Seen[Shape]], list[Seen[Shape]]],
    standing: Sequence[StandingView],
) -> Iterator[Entry]:
    taken = set()
    for paper in papers:
        mine = copies(paper)
        taken |= {c.ref for c in mine}
        odd = _odd(case, paper, mine)
        missing = "" if mine else _missing(case, kind, paper, standing)
        yield _entry(kind, paper, [_booked(c, odd) for c in mine], _booked(paper, set()), missing)
    for left in booked:
        if left.ref not in taken:
            yield _entry(kind, left, [_booked(left, set())], None, "no document of billing is known for it")


def _entry(kind: str, paper: Seen[Shape], copies: list[Booked], billing: Booked | None, missing: str) -> Entry:
    return Entry(kind, getattr(paper.doc, "currency", None) or "", _dated(paper), billing, copies, missing)


def _sums(paper: Seen[Shape]) -> dict[str, Decimal | None]:
    """The amounts by the names of SUMS; a payment has a gross only, and what is not applied as its balance."""
    doc = paper.doc
    if isinstance(doc, (Payment, Refund)):
        return {"gross": doc.amount, "balance": doc.unapplied if isinstance(doc, Payment) else None}
    if isinstance(doc, Credit):
        return {"net": doc.net, "tax": doc.tax, "gross": doc.gross, "balance": doc.unapplied}
    return {name: getattr(doc, name, None) for name in SUMS}


def _odd(case: Case, paper: Seen[Shape], copies: Sequence[Seen[Shape]]) -> set[str]:
    """The amounts in which the copies together differ from the document, beyond the tolerance of its lines."""
    ours, theirs = _sums(paper), [_sums(c) for c in copies]
    currency = getattr(paper.doc, "currency", None) or ""
    lines = max(len(getattr(paper.doc, "lines", ())), 1)
    tolerance = minor_unit(currency) * case.policy.amount_tolerance_units * lines
    found = set()
    for name in SUMS:
        value, others = ours.get(name), [t.get(name) for t in theirs]
        if value is not None and others and None not in others and abs(sum((o or ZERO for o in others), ZERO) - value) > tolerance:
            found.add(name)
    return found


def _booked(paper: Seen[Shape], odd: set[str]) -> Booked:
    doc, sums = paper.doc, _sums(paper)
    currency = getattr(doc, "currency", None)
    return Booked(
        system=paper.held.system,
        ref=str(paper.ref),
        number=paper.number,
        status=str(getattr(doc, "status", "")),
        dated=wording.day(_dated(paper)),
        due=wording.day(getattr(doc, "due", None)),
        sums=tuple(Cell(wording.amount(sums.get(name), currency), name in odd) for name in SUMS),
    )


def _dated(paper: Seen[Shape]) -> date | None:
    doc = paper.doc
    return next((d for name in ("dated", "paid_on", "refunded_on") if (d := getattr(doc, name, None))), None)


def _missing(case: Case, kind: str, paper: Seen[Shape], standing: Sequence[StandingView]) -> str:
    """What is known about a copy that is not there."""
    if not case.org.has("erp"):
        return "not applicable: the organisation names no ERP"
    if not paper.alive:
        return "not expected: the document is not in force"
    keys = {Finding(rule, paper.ref, "").alert for rule in _MISSING[kind]}
    held = next((s for s in standing if s.alert in keys), None)
    if held is None:
        return "not seen, and no rule awaits it yet"
    return held.says if held.state not in (OPEN, EFFECT) else f"missing since {wording.instant(held.due)}"
