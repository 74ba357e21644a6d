"""The simulated company: deterministic, exact to the cent, inside every grace, and wrong only where a label says so."""

from __future__ import annotations

import ast
import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from agents.simulator import Event, History, history, write
from agents.simulator.bills import bills, obligations, tax_of
from agents.simulator.company import Amendment, Credit, Deal, at
from agents.simulator.distortions import FAULTS
from models.statements import Skipped
from streams.mapping import load, tenant
from streams.sources import translators

START = date(2025, 1, 1)
PACKAGE = Path(__file__).parent.parent / "agents" / "simulator"
HOUR = timedelta(hours=1)


@cache
def made(seed: int, contracts: int = 60, faults: int = 0) -> History:
    return history(seed, contracts, START, 18, faults)


@cache
def broken() -> History:
    """Every kind once, in one history."""
    return made(3, 120, len(FAULTS))


def content(event: Event) -> Any:
    return json.loads(event.payload, parse_float=Decimal)


def reads(story: History, system: str, object_: str) -> list[tuple[Event, dict[str, Any]]]:
    """The enrichment reads of one kind of document, with their records."""
    documents = [(event, content(event)) for event in story.events if event.system == system]
    return [(e, d["record"]) for e, d in documents if "read" in d and d["read"]["object"] == object_]


def first_seen(documents: list[tuple[Event, dict[str, Any]]], key: str) -> dict[str, datetime]:
    """When each document was first told of, by one of its fields."""
    seen: dict[str, datetime] = {}
    for event, record in documents:
        seen.setdefault(record[key], event.received_at)
    return seen


def the_story() -> Deal:
    """50 seats at 240.00 with onboarding; one month of overage, 25 seats more, a credit of 500.00, a renewal at 252.00."""
    return Deal(
        seed=1,
        index=1,
        customer="Alderwerk Optik GmbH",
        city="Hamburg",
        postal_code="20457",
        currency="EUR",
        quantity=50,
        price=Decimal("240.00"),
        start=date(2025, 3, 1),
        signed_at=at(date(2025, 2, 20), 9, 12),
        monthly=False,
        onboarding=Decimal("2500.00"),
        metered=True,
        overages=((3, 24_680),),
        amendment=Amendment(25, date(2025, 9, 15), at(date(2025, 9, 10), 13, 20)),
        credit=Credit(date(2025, 11, 17), Decimal("500.00")),
        ending="renew",
        renewal_price=Decimal("252.00"),
        renewal_at=at(date(2026, 2, 10), 10),
    )


def test_bills_are_worked_by_hand() -> None:
    # 50 x 240 + 2,500; 24,680 x 0.0125; 25 x 240 x 167/365; 75 x 252; VAT of 308.50 is 58.615, half up
    assert tax_of(Decimal("1.50")) == Decimal("0.29")  # 0.285: half up, where half even would give 0.28
    amounts = [(bill.role, bill.net, bill.tax, bill.gross) for bill in bills(the_story())]

    assert amounts == [
        ("first", Decimal("14500.00"), Decimal("2755.00"), Decimal("17255.00")),
        ("usage", Decimal("308.50"), Decimal("58.62"), Decimal("367.12")),
        ("upgrade", Decimal("2745.21"), Decimal("521.59"), Decimal("3266.80")),
        ("renewal", Decimal("18900.00"), Decimal("3591.00"), Decimal("22491.00")),
    ]


def test_revenue_is_worked_by_hand() -> None:
    # 14,500 split 12,000 : 3,000 = 11,600 and 2,900; March has 31 of 365 days: 11,600 x 31/365 = 985.21
    owed = obligations(the_story())

    assert [str(o.allocated) for o in owed] == ["11600.00", "2900.00", "308.50", "2745.21", "18900.00", "-500.00"]
    assert [str(amount) for _, amount in owed[0].rows[:3]] == ["985.21", "953.42", "985.21"]
    assert [str(amount) for _, amount in owed[3].rows] == ["263.01", "509.59", "493.16", "509.59", "509.59", "460.27"]


def test_a_seed_says_everything() -> None:
    arguments = (5, 20, START, 18, 6)
    one, same, other = history(*arguments), history(*arguments), history(6, 20, START, 18, 6)

    assert one.events == same.events and one.injected == same.injected and one.mapping == same.mapping
    assert [e.payload for e in one.events] != [e.payload for e in other.events]


def test_events_arrive_in_order_and_within_the_history() -> None:
    story = broken()
    times = [event.received_at for event in story.events]

    assert times == sorted(times)
    assert all(time.tzinfo is UTC for time in times)
    assert datetime(2025, 1, 1, tzinfo=UTC) <= times[0] and times[-1] < story.until


def test_some_arrive_twice_and_some_are_overtaken() -> None:
    story = made(1)
    repeats = Counter(event.payload for event in story.events)
    stamped = [(e, content(e)["read"]["read_at"]) for e in story.events if b'"read_at"' in e.payload]
    delays = [e.received_at - datetime.fromisoformat(text) for e, text in stamped]

    assert 0 < sum(count > 1 for count in repeats.values()) < len(story.events) / 20
    assert [text for _, text in stamped] != sorted(text for _, text in stamped)
    assert timedelta(seconds=1) < min(delays) and max(delays) <= timedelta(minutes=10)


@pytest.mark.parametrize("seed", [1, 2])
def test_invoices_add_up(seed: int) -> None:
    for _, record in reads(made(seed), "zuora", "invoice"):
        items = record["invoiceItems"]
        assert sum(item["chargeAmount"] for item in items) == record["amountWithoutTax"]
        assert sum(item["taxAmount"] for item in items) == record["taxAmount"]
        assert record["amountWithoutTax"] + record["taxAmount"] == record["amount"]
    for _, record in reads(made(seed), "netsuite", "invoice"):
        assert sum(item["amount"] for item in record["item"]["items"]) == record["subtotal"]
        assert record["subtotal"] + record["taxTotal"] == record["total"] == record["amountPaid"] + record["amountRemaining"]


@pytest.mark.parametrize("seed", [1, 2])
def test_plans_add_up(seed: int) -> None:
    elements = {r["revenue_element_id"]: r for _, r in reads(made(seed), "netsuite", "revenueElement")}
    for _, record in reads(made(seed), "netsuite", "revenuePlan"):
        total = sum(Decimal(line["amount"]) for line in record["lines"])
        assert total == Decimal(record["amount"]) == Decimal(elements[record["revenue_element_id"]]["allocation_amount"])


def test_the_erp_allocates_what_was_sold() -> None:
    sold = {r["externalId"]: r["subtotal"] for _, r in reads(made(1), "netsuite", "salesOrder")}
    allocated: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for _, record in reads(made(1), "netsuite", "revenueElement"):
        allocated[record["source_id"]][record["revenue_element_id"]] = Decimal(record["allocation_amount"])

    assert sold and all(sum(allocated[number].values()) == net for number, net in sold.items() if number in allocated)


def test_a_healthy_company_keeps_every_grace() -> None:
    story = made(1)
    billed = first_seen(reads(story, "zuora", "invoice"), "invoiceNumber")
    booked = first_seen(reads(story, "netsuite", "invoice"), "externalId")
    settled = first_seen([(e, r) for e, r in reads(story, "zuora", "payment") if r["gatewayState"] == "Settled"], "number")
    received = first_seen(reads(story, "netsuite", "customerPayment"), "externalId")
    end = story.until - 48 * HOUR

    assert all(booked[n] - seen < 6 * HOUR for n, seen in billed.items() if seen < end)
    assert all(received[n] - seen < 6 * HOUR for n, seen in settled.items() if seen < end)


def test_months_are_posted_by_the_third_of_the_next() -> None:
    for event, record in reads(made(2), "netsuite", "revenuePlan"):
        posted = [line["accounting_period"] for line in record["lines"] if line["is_recognized"] == "T"]
        if posted:
            following = (datetime.strptime(posted[-1], "%Y-%m") + timedelta(days=32)).replace(day=3, hour=8, tzinfo=UTC)
            assert event.received_at < following


def test_lives_vary() -> None:
    deals = made(1).contracts
    shares = [sum(map(test, deals)) / len(deals) for test in VARIETIES]

    assert all(0.05 < share < 0.95 for share in shares), shares


VARIETIES: list[Any] = [
    lambda deal: deal.monthly,
    lambda deal: bool(deal.onboarding),
    lambda deal: bool(deal.overages),
    lambda deal: bool(deal.amendment),
    lambda deal: bool(deal.credit),
    lambda deal: deal.ending == "renew",
    lambda deal: deal.currency == "USD",
    lambda deal: bool(deal.overages) and deal.reissued,
]


def test_every_kind_of_fault_is_injected_over_seeds() -> None:
    rules = {found.rule for seed in (1, 2, 3) for found in made(seed, 120, 30).injected}

    assert rules == {fault.rule for fault in FAULTS}
    assert len(FAULTS) == 25


def test_labels_are_one_a_contract_and_due_within_the_history() -> None:
    story = broken()
    faults = {(found.rule, found.contract) for found in story.injected}
    contracts = [contract for _, contract in faults if contract]

    assert len(faults) == len(FAULTS) == len(story.injected) - 1  # a shifted row is found where it left and where it came
    assert len(set(contracts)) == len(contracts)
    assert all(found.at < found.by <= story.until for found in story.injected)


def test_a_fault_touches_its_own_contract_only() -> None:
    """The healthy history of the same seed says the same of every contract that carries no label."""
    healthy, story = payloads(made(3, 120)), payloads(broken())
    changed = {contract for contract, said in story.items() if said != healthy[contract]}

    assert len(changed) == len(FAULTS)


def payloads(story: History) -> dict[str, set[bytes]]:
    said: dict[str, set[bytes]] = defaultdict(set)
    for event in story.events:
        said[event.contract].add(event.payload)
    return said


def labelled(rule: str) -> Any:
    return next(found for found in broken().injected if found.rule == rule)


@pytest.mark.parametrize(("rule", "object_"), [("payment_not_recorded", "customerPayment"), ("refund_mismatch", "customerRefund")])
def test_what_is_missing_never_comes(rule: str, object_: str) -> None:
    assert labelled(rule).subject not in {record["externalId"] for _, record in reads(broken(), "netsuite", object_)}


def test_a_month_never_billed_leaves_a_hole() -> None:
    subscription, day = labelled("invoice_missing").subject.split()
    items = [item for _, r in reads(broken(), "zuora", "invoice") for item in r["invoiceItems"] if item["subscriptionName"] == subscription]
    starts = {item["serviceStartDate"] for item in items if item["chargeType"] == "Recurring"}

    assert day not in starts and min(starts) < day


def rows_off(rule: str) -> list[Decimal]:
    """Sums of the rows less the amount of the plan, of every copy of the labelled obligation's plan."""
    subscription, *_ = labelled(rule).subject.split("/")
    elements = reads(broken(), "netsuite", "revenueElement")
    own = [r["revenue_element_id"] for _, r in elements if r["custrecord_subscription_number"] == subscription]
    plans = [r for _, r in reads(broken(), "netsuite", "revenuePlan") if r["revenue_element_id"] == min(own)]
    return [sum((Decimal(line["amount"]) for line in r["lines"]), Decimal(0)) - Decimal(r["amount"]) for r in plans]


def test_a_wrong_row_moves_the_total_and_a_shifted_one_does_not() -> None:
    assert set(rows_off("revenue_total_mismatch")) == {Decimal(10)}
    assert set(rows_off("revenue_schedule_drift")) == {Decimal(0)}


def test_what_is_written_is_what_a_replay_reads(tmp_path: Path) -> None:
    story = made(1)
    write(story, tmp_path)
    lines = (tmp_path / "events.jsonl").read_bytes().splitlines()
    first = json.loads(lines[0], parse_float=Decimal)

    assert len(lines) == len(story.events)
    assert first["payload"] == content(story.events[0]) and first["system"] == story.events[0].system
    assert load(tmp_path / "mapping.yaml").organisation == "sim-1"
    assert json.loads((tmp_path / "manifest.json").read_bytes())["headers"] == story.headers
    assert json.loads((tmp_path / "injected.json").read_bytes()) == []


def test_translators_understand_every_payload(tmp_path: Path) -> None:
    story = broken()
    write(story, tmp_path)
    mapping = load(tmp_path / "mapping.yaml")
    tenants = {system: tenant(mapping, system) for system in story.headers}
    said = [one for e in story.events for one in translators()[e.system](e.payload, tenants[e.system])]

    assert len(said) >= len(story.events)
    assert not any(b"E+" in e.payload or b"NaN" in e.payload for e in story.events)
    assert not any(isinstance(one, Skipped) for one in said)


def test_the_oracle_knows_neither_translators_nor_rules() -> None:
    forbidden = ("streams", "tables", "models.rules", "models.revenue", "models.documents")
    for path in PACKAGE.glob("*.py"):
        imports = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
        assert not [node.module for node in imports if node.module and node.module.startswith(forbidden)]


def test_too_little_time_and_too_many_contracts_are_refused() -> None:
    for contracts, months in ((1, 3), (5000, 12)):
        with pytest.raises(ValueError):
            history(1, contracts, START, months, 0)
