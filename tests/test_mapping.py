"""The mapping: every mistake is named with its file and path, and each system is told what concerns it, no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from models.references import Kind, Ref
from models.statements import Refused
from streams.mapping import Mapping, MappingError, Mappings, Tenant, load, tenant

GOOD: dict[str, Any] = {
    "version": 3,
    "organisation": "acme",
    "currency": "EUR",
    "zone": "Europe/Berlin",
    "organisations": {"salesforce": ["00D1", "00D2"], "zuora": [41170]},
    "landscape": {"crm": "salesforce", "billing": "zuora"},
    "fields": {"salesforce": {"opportunity": {"quote": "Primary__c"}}},
    "references": {"zuora.invoice": "Other__c"},
    "won": {"system": "salesforce", "field": "Stage", "equals": True},
    "entity": {"emea": {"zuora": ["10", 20]}},
    "default_entity": "emea",
    "products": {"SEATS": {"zuora": ["Seats EU", "Seats US"]}, "CALLS": {"salesforce": ["API"]}},
    "statuses": {"zuora.invoice": {"Odd": "posted"}},
    "revenue": {"convention": {"Ratable": "day"}, "pattern": {"SEATS": "ratable"}},
}


def written(folder: Path, data: object) -> Path:
    """A mapping file with this content."""
    path = folder / "mapping.yaml"
    path.write_text(data if isinstance(data, str) else yaml.safe_dump(data, sort_keys=False))
    return path


def made(**changed: Any) -> Mapping:
    return Mapping.model_validate({**GOOD, "won": None} | changed)


def told(system: str = "zuora", **changed: Any) -> Tenant:
    return tenant(made(**changed), system)


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"prodcts": {}}, "prodcts"),
        ({"version": "three"}, "version"),
        ({"organisation": None}, "organisation"),
        ({"landscape": ["crm"]}, "landscape"),
        ({"organisations": {"zuora": 41170}}, "organisations.zuora"),
        ({"products": {"SEATS": {"zuora": "Seats"}}}, "products.SEATS.zuora"),
        ({"products": {"SEATS": ["Seats"]}}, "products.SEATS"),
        ({"entity": {"emea": {"zuora": [{"id": 10}]}}}, "entity.emea.zuora.0"),
        ({"fields": {"salesforce": {"quote": "x"}}}, "fields.salesforce.quote"),
        ({"won": {"system": "salesforce", "field": "Stage"}}, "won.equals"),
        ({"won": {"system": "salesforce", "field": "Stage", "equals": "x", "stage": "y"}}, "won.stage"),
        ({"revenue": {"conventions": {}}}, "revenue.conventions"),
        ({"statuses": {"zuora.invoice": ["Odd"]}}, "statuses.zuora.invoice"),
    ],
)
def test_a_mistake_is_named_with_its_path(tmp_path: Path, changed: dict[str, Any], path: str) -> None:
    file = written(tmp_path, {**GOOD, "won": None} | changed)

    with pytest.raises(MappingError, match=rf"{file}: .*{path}: "):
        load(file)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"version: .*; .*organisations: .*; .*landscape: "):
        load(written(tmp_path, {"version": "x", "organisation": "acme"}))


@pytest.mark.parametrize(("text", "says"), [("", "file: "), ("- a", "file: "), ("a: [", "cannot be read"), ("\x00", "cannot be read")])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(MappingError, match=says):
        load(written(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"nowhere\.yaml: cannot be read"):
        load(tmp_path / "nowhere.yaml")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_bytes(b"version: \xff")

    with pytest.raises(MappingError, match="cannot be read"):
        load(path)


def test_each_system_is_told_its_own(tmp_path: Path) -> None:
    zuora, salesforce = (told(system) for system in ("zuora", "salesforce"))

    assert zuora.product("Seats US") == ("SEATS", True) and zuora.product(" Seats EU ") == ("SEATS", True)
    assert zuora.product("API") == ("API", False)  # that is Salesforce's name
    assert salesforce.product("API") == ("CALLS", True)
    assert zuora.product("CALLS") == ("CALLS", True)  # a canonical name is its own
    assert (zuora.field_name("opportunity", "quote", "x"), salesforce.field_name("opportunity", "quote", "x")) == ("x", "Primary__c")
    assert zuora.statuses == {"invoice": {"Odd": "posted"}} and salesforce.statuses == {}
    assert zuora.references == {"invoice": "Other__c"}


def test_an_entity_is_ours_or_marked() -> None:
    """An unmapped entity is never guessed, and a document that names none is of the default."""
    zuora = told()

    assert [zuora.entity(native) for native in ("10", "20", "99", None, "")] == ["emea", "emea", "?99", "emea", "emea"]
    assert told(default_entity=None).entity(None) is None


def test_won_concerns_one_system() -> None:
    mapping = made(won={"system": "salesforce", "field": "Stage", "equals": "Closed Won"})

    assert tenant(mapping, "salesforce").won == ("Stage", "Closed Won")
    assert tenant(mapping, "zuora").won is None


def test_an_empty_id_names_nothing() -> None:
    assert told().ref(Kind.INVOICE, " INV-1 ") == Ref("acme", Kind.INVOICE, "INV-1")
    assert [told().ref(Kind.INVOICE, native) for native in (None, "", "  ")] == [None, None, None]


def test_a_foreign_payload_is_refused() -> None:
    told().check_spelling("41170")
    told().check_spelling(None)
    with pytest.raises(Refused, match="foreign_tenant"):
        told().check_spelling("41171")


def test_a_record_finds_its_organisation() -> None:
    other = made(organisation="beta", organisations={"zuora": ["555"]})
    both = Mappings([made(), other])

    assert both.tenant("zuora", "41170").organisation == "acme"
    assert both.tenant("zuora", "555").organisation == "beta"
    assert both.tenant("salesforce", None).organisation == "acme"  # the only one there
    with pytest.raises(Refused, match=r"no_tenant: .*zuora has 2"):
        both.tenant("zuora", None)
    with pytest.raises(Refused, match=r"unknown_tenant: .*7 in zuora"):
        both.tenant("zuora", "7")


def test_one_spelling_belongs_to_one_organisation() -> None:
    with pytest.raises(MappingError, match="salesforce 00D1 is claimed by two"):
        Mappings([made(), made(organisation="beta")])


def test_the_facts_for_the_rules() -> None:
    facts = Mappings([made()]).organisations()["acme"]

    assert facts.has("crm", "billing") and not facts.has("erp")
    assert (facts.zone, facts.patterns, facts.mapping_version) == ("Europe/Berlin", {"SEATS": "ratable"}, made().revision)


def test_the_revision_identifies_the_content(tmp_path: Path) -> None:
    """What is written, not how: the same data in another order of lines is the same revision."""
    data = {**GOOD, "won": None}
    turned = dict(reversed(data.items()))

    assert load(written(tmp_path, data)).revision == load(written(tmp_path, turned)).revision == made().revision
    assert made(version=4).revision != made(zone="UTC").revision != made().revision
