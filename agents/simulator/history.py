"""All lives merged into one stream of native records in order of arrival, with what was put wrong and the mapping."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import yaml

from agents.simulator import netsuite, zuora
from agents.simulator.company import CALLS, ONBOARDING, SEATS, Deal, at, deals
from agents.simulator.distortions import FAULTS
from agents.simulator.faults import Case, Fault, Injected
from agents.simulator.identifiers import ZONE, stamp
from agents.simulator.life import Fact, created_at, life
from agents.simulator.salesforce import ORGANISATION
from models.calendar import add_months

# Small troubles of every delivery, none long enough to reach a grace: late, repeated, overtaken.
LATE, REPEATED = 0.03, 0.015
LATE_SECONDS_MAX = 540

_encoder = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True)
class Event:
    """One native record as it arrives: bytes of `system`, about the contract whose number `contract` is."""

    received_at: datetime
    system: str
    name: str
    payload: bytes
    contract: str


@dataclass(frozen=True)
class History:
    """A labelled history: `events` by arrival, none after `until`; `injected` is all that may be found up to then."""

    mapping: dict[str, Any]
    headers: dict[str, dict[str, str]]
    events: list[Event]
    injected: list[Injected]
    until: datetime
    contracts: list[Deal] = field(default_factory=list)


def history(seed: int, contracts: int, start: date, months: int, faults: int) -> History:
    """The history of a company from `start` over `months`, with at most `faults` divergences, one a contract at most.

    Equal arguments give equal bytes. Fewer faults are injected where the contracts do not suffice. Raises ValueError
    for fewer than 4 months or more contracts than there are names.
    """
    chance = random.Random(seed)
    until = at(add_months(start, months), 0)
    sold = deals(chance, seed, contracts, start, months)
    broken, injected = _inject(chance, sold, until, faults)
    events: list[Event] = []
    for deal in sold:
        facts = broken[deal.index] if deal.index in broken else life(deal)
        events += _arrivals(chance, deal, facts, until)
    events.sort(key=lambda event: (event.received_at, event.contract, event.system, event.name))
    injected.sort(key=lambda found: (found.at, found.rule, found.contract, found.subject))
    return History(mapping(), headers(), events, injected, until, sold)


def _inject(chance: random.Random, sold: list[Deal], until: datetime, wanted: int) -> tuple[dict[int, list[Fact]], list[Injected]]:
    """The facts of the contracts that get a fault, and the labels; the kinds take turns in a shuffled order."""
    kinds, free = list(FAULTS), list(sold)
    chance.shuffle(kinds)
    chance.shuffle(free)
    broken: dict[int, list[Fact]] = {}
    injected: list[Injected] = []
    while kinds and len(broken) < wanted:
        fitting = []
        for fault in kinds:
            if len(broken) < wanted and _try(fault, free, until, broken, injected):
                fitting.append(fault)
        kinds = fitting
    return broken, injected


def _try(fault: Fault, free: list[Deal], until: datetime, broken: dict[int, list[Fact]], injected: list[Injected]) -> bool:
    """Put the fault into the first free contract that fits and in which it shows in time."""
    for deal in free:
        shaped = fault.shape(deal)
        if shaped is None:
            continue
        neighbour = next((other for other in free if other is not deal and created_at(other) < created_at(deal)), None)
        outcome = fault.inject(Case(shaped, until, neighbour.subscription if neighbour else ""))
        if outcome is None or any(found.by > until for found in outcome[1]):
            continue
        broken[deal.index], labels = outcome
        injected += labels
        free.remove(deal)
        if fault.rule == "identity_conflict" and neighbour:
            free.remove(neighbour)  # it stays healthy, so that nothing else is said about the claimed subscription
        return True
    return False


def _arrivals(chance: random.Random, deal: Deal, facts: list[Fact], until: datetime) -> list[Event]:
    """When each fact arrives: seconds later, some minutes later and so out of order, some twice."""
    events = []
    for fact in facts:
        payload = _encoder.encode(fact.payload)
        delays = [chance.randint(30, LATE_SECONDS_MAX) if chance.random() < LATE else chance.randint(2, 20)]
        if chance.random() < REPEATED:
            delays.append(delays[0] + chance.randint(5, 60))
        for delay in delays:
            received_at = fact.at.replace(microsecond=0) + timedelta(seconds=delay)
            if received_at < until:
                events.append(Event(received_at, fact.system, fact.name, payload, deal.contract_number))
    return events


def headers() -> dict[str, dict[str, str]]:
    """The record header `tenant` of each system."""
    tenants = {"salesforce": ORGANISATION, "cpq": ORGANISATION, "zuora": zuora.TENANT, "netsuite": netsuite.ACCOUNT}
    return {system: {"tenant": tenant} for system, tenant in tenants.items()}


def mapping() -> dict[str, Any]:
    """What no payload says of the simulated organisation: the content of its mapping file."""
    return {
        "version": 1,
        "organisation": "sim-1",
        "currency": "EUR",
        "zone": ZONE,
        "organisations": {
            "salesforce": [ORGANISATION, ORGANISATION[:15]],
            "cpq": [ORGANISATION, ORGANISATION[:15]],
            "zuora": [zuora.TENANT, zuora.TENANT_ID],
            "netsuite": [netsuite.ACCOUNT],
        },
        "landscape": {"crm": "salesforce", "cpq": "cpq", "billing": "zuora", "erp": "netsuite"},
        "fields": _fields(),
        "references": {"netsuite.externalId": "billing document"},
        "won": {"system": "salesforce", "field": "IsWon", "equals": "true"},
        "currencies": {"netsuite": {id_: code for code, (id_, _, _) in netsuite.CURRENCIES.items()}},
        "entity": {"sim-de": {"netsuite": [netsuite.SUBSIDIARY]}},
        "default_entity": "sim-de",
        "products": {product: _names(product) for product in (SEATS, ONBOARDING, CALLS)},
        "revenue": {
            "convention": {"daily-exact": "day"},
            "pattern": {SEATS: "ratable", ONBOARDING: "point_in_time", CALLS: "usage"},
        },
    }


def _names(product: str) -> dict[str, list[str]]:
    return {"zuora": [zuora.NAMES[product]], **{system: [product] for system in ("salesforce", "cpq", "netsuite")}}


def _fields() -> dict[str, Any]:
    return {
        "salesforce": {
            "contract": {"opportunity": "SBQQ__Opportunity__c", "quote": "SBQQ__Quote__c"},
            "order": {"quote": "SBQQ__Quote__c"},
        },
        "cpq": {"line": {"included_quantity": "Included_Quantity__c"}},
        "zuora": {
            "order": {"opportunity": "customFields.OpportunityId__c"},
            "subscription": {"opportunity": "OpportunityId__c", "contract_number": "ContractNumber__c", "quote": "QuoteNumber__QT"},
            "invoice": {"erp_invoice": "IntegrationId__NS"},
        },
        "netsuite": {
            "transaction": {
                "subscription": "custbody_subscription_number",
                "opportunity": "custbody_crm_opportunity",
                "quote": "otherRefNum",
                "line_start": "custcol_rev_start",
                "line_end": "custcol_rev_end",
            },
            "revenueElement": {"subscription": "custrecord_subscription_number"},
        },
    }


def write(made: History, folder: Path) -> None:
    """Put a history into `folder`, in the form that a replay reads: events, mapping, headers, and the labels beside."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "events.jsonl").open("wb") as events:
        for event in made.events:
            start = f'{{"system":"{event.system}","received_at":"{stamp(event.received_at)}","payload":'
            events.write(start.encode() + event.payload + b"}\n")
    (folder / "mapping.yaml").write_text(yaml.safe_dump(made.mapping, sort_keys=False, allow_unicode=True), "utf-8")
    manifest = {"headers": made.headers, "until": stamp(made.until)}
    (folder / "manifest.json").write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    labels = [{**asdict(found), "at": stamp(found.at), "by": stamp(found.by)} for found in made.injected]
    (folder / "injected.json").write_bytes(msgspec.json.format(msgspec.json.encode(labels)))
