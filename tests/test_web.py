"""The web: verdicts, comparisons and lists over a folded story."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from agents.web import listing, views, wording
from agents.web.cells import Said, row, within
from agents.web.filters import AlertFilter, BadQuery, ContractFilter, alert_filter, contract_filter
from agents.web.pages import environment
from agents.web.reading import find
from models.desk import Facts
from models.money import Money
from models.summary import AlertRow
from tests.web_story import Store, story

NUMBER, REF = "00000417", "aster-1/contract_number/00000417"
END = datetime(2026, 4, 10, tzinfo=UTC)
LOST = ("026-netsuite-payment-first.json", "071-netsuite-invoice-upgrade.json", "080-netsuite-invoice-upgrade-paid.json")


def sixty_seats(payload: bytes) -> bytes:
    """Billing is set up with ten seats too many."""
    changed = payload.replace(b'"quantity": 50', b'"quantity": 60')
    assert changed != payload
    return changed


@pytest.fixture(scope="module")
def clean() -> Store:
    return story()


@pytest.fixture(scope="module")
def troubled() -> Store:
    """One payment and one invoice never reach the ERP."""
    return story(until=END, leave_out=LOST)


@pytest.fixture(scope="module")
def early() -> Store:
    """The morning of the first invoice, which the ERP has not booked yet; billing has ten seats too many."""
    return story(
        until=datetime(2025, 3, 1, 9, tzinfo=UTC),
        leave_out=("020-netsuite-invoice-first.json",),
        change={"010-zuora-subscription-v1.json": sixty_seats},
    )


def view_of(store: Store, now: datetime = END) -> views.ContractView:
    located = find(store.partitions(), NUMBER)
    assert located
    view = views.contract(located, store.facts, now)
    assert view
    return view


# -- one contract


def test_a_contract_that_ties_out_says_so_and_marks_nothing(clean: Store) -> None:
    view = view_of(clean, datetime(2026, 4, 3, 3, tzinfo=UTC))

    assert view.verdict.state == "ties_out"
    assert view.verdict.sentence.startswith("Ties out. Next expected from netsuite by 2026-05-05 22:00 UTC")
    assert [r.label for r in view.systems.rows if r.differs] == []
    assert [e for e in view.ledger if e.differs or e.missing] == []
    assert [o for o in view.obligations if o.differs] == []
    assert {s.state for s in view.milestones} == {"matched"}


def test_open_differences_are_counted_priced_and_blamed(troubled: Store) -> None:
    view = view_of(troubled)

    # 17,255.00 paid and not recorded + 3,266.80 invoiced and not booked
    assert view.verdict.sentence == "2 open differences, 20,521.80 EUR at risk; netsuite is probably wrong."
    assert {s.rule for s in view.open} == {"payment_not_recorded", "invoice_not_in_erp"}
    assert {e.missing for e in view.ledger if e.missing} == {"missing since 2025-03-07 03:00 UTC", "missing since 2025-09-16 04:10 UTC"}


def test_evidence_goes_down_to_the_native_bytes(troubled: Store) -> None:
    payment = next(s for s in view_of(troubled).open if s.rule == "payment_not_recorded")
    proof = payment.evidence[0]

    assert (proof.ref, proof.system, proof.value) == ("aster-1/payment/P-00004171", "zuora", "17255.00")
    assert proof.topic == "025-zuora-payment-first-settled.json" and proof.offset == 1 and len(proof.sha256) == 64


def test_what_waits_is_not_late(early: Store) -> None:
    view = view_of(early, datetime(2025, 3, 1, 9, tzinfo=UTC))
    unbooked = next(s for s in view.standing if s.rule == "invoice_not_in_erp")
    entry = next(e for e in view.ledger if e.kind == "invoice")

    assert unbooked.state == "waiting" and unbooked.says == "waiting, not late until 2025-03-02 04:10 UTC"
    assert entry.missing == unbooked.says
    paid = next(s for s in view.milestones if s.code == "payment_settled")
    # the invoice is due on 2025-03-31, which is over in Berlin at 22:00 UTC
    assert (paid.subject, paid.state, paid.says) == ("INV00004171", "waiting", "waiting, not late until 2025-03-31 22:00 UTC")
    assert ("amendment_reconciled", "not applicable") in {(s.code, s.state) for s in view.milestones}


def test_at_every_moment_of_the_story_every_contract_has_a_page() -> None:
    template, seen = environment().get_template("contract.html"), []

    def look(store: Store) -> None:
        for partition in store.partitions():
            for each in partition.contracts():
                located = find([partition], each.ref)
                view = located and views.contract(located, store.facts, each.changed_at)
                assert view
                seen.append(template.render(view=view, signed_in=False))

    story(until=END, leave_out=LOST, change={"010-zuora-subscription-v1.json": sixty_seats}, after=look)

    assert len(seen) > 100 and all("Timeline" in page for page in seen)


def test_the_cell_that_two_others_contradict_is_marked(early: Store) -> None:
    quantity = next(r for r in view_of(early).systems.rows if r.label.startswith("AN-SEAT-Y") and r.label.endswith("quantity"))

    # CRM 50, CPQ 50, billing 60, the ERP has no invoice yet
    assert [(c.text, c.differs) for c in quantity.cells] == [("50", False), ("50", False), ("60", True), ("—", False)]


def test_a_system_that_the_organisation_does_not_name_is_not_applicable(clean: Store) -> None:
    named = clean.facts.organisations["aster-1"]
    landscape = {role: system for role, system in named.landscape.items() if role != "erp"}
    facts = Facts({"aster-1": msgspec.structs.replace(named, landscape=landscape)}, clean.facts.policy)
    view = views.contract(find(clean.partitions(), NUMBER) or pytest.fail(), facts, END)

    assert view and [c.system for c in view.systems.columns] == ["salesforce", "cpq", "zuora", ""]
    assert "not applicable: the organisation names no ERP" in environment().get_template("contract.html").render(
        view=views.contract(find(story(until=datetime(2025, 3, 1, 5, tzinfo=UTC)).partitions(), NUMBER) or pytest.fail(), facts, END),
        signed_in=False,
    )


def test_the_amounts_that_the_erp_booked_differently_are_marked() -> None:
    def more(payload: bytes) -> bytes:
        return payload.replace(b"367.12", b"377.12")

    store = story(until=datetime(2025, 8, 1, tzinfo=UTC), change={"055-netsuite-invoice-usage-paid.json": more})
    entry = next(e for e in view_of(store, datetime(2025, 8, 1, tzinfo=UTC)).ledger if e.differs)

    assert entry.billing and entry.billing.number == "INV00004203"
    # net, tax, gross, balance: 318.50 + 58.62 = 377.12 instead of 308.50 + 58.62 = 367.12
    assert [(c.text, c.differs) for c in entry.copies[0].sums] == [("318.50", True), ("58.62", False), ("377.12", True), ("0.00", False)]


def test_a_schedule_that_is_off_is_marked_in_the_months_it_is_off() -> None:
    def short(payload: bytes) -> bytes:
        return payload.replace(b"985.20", b"975.20")

    store = story(until=datetime(2025, 9, 20, tzinfo=UTC), change={"059-netsuite-revenue-plan-p1-2025-08.json": short})
    plan = next(o for o in view_of(store, datetime(2025, 9, 20, tzinfo=UTC)).obligations if o.differs)

    # 11,600.00 over 365 days from 2025-03-01: 985.20 or 985.21 a month of 31 days; three rows are 10.00 short
    assert [(r.label, [c.differs for c in r.cells]) for r in plan.rows if r.differs] == [
        (month, [False, True, False]) for month in ("2025-08", "2025-10", "2025-12")
    ]
    assert (plan.allocated, plan.planned) == ("11,600.00", "11,570.00")


def test_the_timeline_is_in_order_and_holds_the_alerts(troubled: Store) -> None:
    events = view_of(troubled).timeline.events

    assert [e.at for e in events] == sorted(e.at for e in events)
    assert {"document", "milestone", "opened"} == {e.what for e in events}


@pytest.mark.parametrize("name", [NUMBER, REF, "A-S00004170", "aster-1/invoice/INV00004171", "aster-1/erp_invoice/61001"])
def test_a_contract_is_found_by_any_of_its_names(clean: Store, name: str) -> None:
    located = find(clean.partitions(), name)

    assert located and str(located.head.ref) == REF


@pytest.mark.parametrize("name", ["nobody", "aster-1/invoice/NONE", "aster-1/customer/A00004170", "a/b/c", ""])
def test_what_is_no_contract_is_not_found(clean: Store, name: str) -> None:
    assert find(clean.partitions(), name) is None


@pytest.mark.parametrize(
    ("values", "odd"),
    [
        ((50, 50, 60), [2]),
        ((50, 60), [0, 1]),
        ((50, None, 50), []),
        ((50, None, None), []),
        ((1, 2, 3), [0, 1, 2]),
    ],
)
def test_the_odd_one_out_is_marked(values: tuple[int | None, ...], odd: list[int]) -> None:
    said = [Said(None if v is None else Decimal(v), str(v)) for v in values]

    assert [i for i, cell in enumerate(row("x", said, within(Decimal(0))).cells) if cell.differs] == odd


# -- lists


def alert(number: int, severity: str, days: int, amount: str, currency: str, rule: str = "price_mismatch") -> AlertRow:
    opened = END - timedelta(days=days)
    money = Money(Decimal(amount), currency)
    return AlertRow(f"a{number}", "", rule, severity, f"aster-1/contract_number/{number}", "", "s", "m", opened, opened, money, ("zuora",))


class Rows:
    """A partition of index rows only."""

    def __init__(self, *alerts: AlertRow) -> None:
        self._alerts = alerts

    def alerts(self) -> tuple[AlertRow, ...]:
        return self._alerts


ROWS: Any = [
    Rows(alert(1, "high", 0, "10.00", "EUR"), alert(2, "low", 40, "5.50", "EUR")),
    Rows(alert(3, "critical", 3, "7", "JPY"), alert(4, "high", 8, "1.25", "EUR", "line_mismatch")),
]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["a3", "a4", "a1", "a2"]),
        ({"severity": "high"}, ["a4", "a1"]),
        ({"rule": "line_mismatch"}, ["a4"]),
        ({"older_than_days": "3", "sort": "oldest"}, ["a2", "a4", "a3"]),
        ({"sort": "amount"}, ["a1", "a2", "a4", "a3"]),
        ({"contract": "number/2", "system": "zuora"}, ["a2"]),
        ({"system": "netsuite"}, []),
        ({"limit": "3", "page": "2"}, ["a2"]),
    ],
)
def test_the_queue_is_filtered_and_sorted(query: dict[str, str], found: list[str]) -> None:
    assert [r.alert for r in listing.alert_list(ROWS, alert_filter(query), END).items] == found


def test_amounts_at_risk_are_never_added_over_currencies() -> None:
    rows = listing.alerts(ROWS)

    assert listing.totals(rows) == [Money(Decimal("16.75"), "EUR"), Money(Decimal("7"), "JPY")]
    first = listing.at_risk(rows)[0]

    assert (first.currency, first.rule, first.amount) == ("EUR", "price_mismatch", Decimal("15.50"))
    assert [a.counts for a in listing.by_age(rows, END)] == [(0, 1, 0, 0), (1, 0, 1, 0), (0, 0, 0, 0), (0, 0, 0, 1)]


@pytest.mark.parametrize(
    "query",
    [{"limit": "201"}, {"page": "0"}, {"page": "-1"}, {"page": "1e3"}, {"sort": "x"}, {"severity": "x"}, {"y": "1"}, {"text": "x" * 101}],
)
def test_a_query_that_is_not_understood_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(BadQuery):
        alert_filter(query)


def test_empty_form_fields_mean_the_default() -> None:
    assert alert_filter({"severity": "", "older_than_days": " "}) == AlertFilter()
    assert contract_filter({"text": "", "open": "true"}) == ContractFilter(open=True)


def test_amounts_are_written_exactly() -> None:
    assert wording.amount(Decimal("12345678901234567.89"), "EUR") == "12,345,678,901,234,567.89"
    assert (wording.amount(Decimal(7), "JPY"), wording.amount(Decimal("0.0125"), "EUR")) == ("7", "0.0125")
