"""Mapping: an organisation's own spellings, field names, products and entities, from YAML, validated."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from models.organisation import Organisation
from models.references import Kind, Ref
from models.statements import Refused

Text = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, (int, str)) else value)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Won(_Strict):
    """When a deal counts as won: `field` of `system`'s opportunity equals `equals` (compared as lower-case text).

    `stages` names the stages that mean the same, for sources that say the stage only.
    """

    system: Text
    field: Text
    equals: Text
    stages: list[Text] = []


class RevenueMapping(_Strict):
    """`convention`: the ERP's rule name to one of revenue conventions; `pattern`: how each product is recognised."""

    convention: dict[Text, Text] = {}
    pattern: dict[Text, Text] = {}


class Mapping(_Strict):
    """One organisation's mapping file. Every key is checked; an unknown key is refused with its path."""

    version: int
    organisation: Text
    currency: Text | None = None
    zone: Text = "UTC"
    organisations: dict[Text, list[Text]]
    landscape: dict[Text, Text]
    fields: dict[Text, dict[Text, dict[Text, Text]]] = {}
    references: dict[Text, Text] = {}
    won: Won | None = None
    currencies: dict[Text, dict[Text, Text]] = {}
    entity: dict[Text, dict[Text, list[Text]]] = {}
    default_entity: Text | None = None
    products: dict[Text, dict[Text, list[Text]]] = {}
    statuses: dict[Text, dict[Text, Text]] = {}  # system.object -> native status -> canonical status
    own_clients: dict[Text, list[Text]] = {}  # system -> client ids of our own write-backs
    date_formats: dict[Text, Text] = {}  # system -> strptime format of its ambiguous dates
    ssp: dict[Text, Any] = {}
    revenue: RevenueMapping = RevenueMapping()

    @property
    def revision(self) -> str:
        """Identifies this content: the version and a digest of everything in the file."""
        digest = hashlib.sha256(self.model_dump_json().encode()).hexdigest()
        return f"{self.version}-{digest[:12]}"

    def facts(self) -> Organisation:
        """What the rules need to know of it."""
        return Organisation(
            name=self.organisation,
            landscape=dict(self.landscape),
            zone=self.zone,
            currency=self.currency,
            default_entity=self.default_entity,
            patterns=dict(self.revenue.pattern),
            mapping_version=self.revision,
        )


@dataclass(frozen=True)
class Tenant:
    """The part of a mapping that one system's translator is given at construction.

    `fields` maps an object to {our name: the organisation's own field name}; `products` a native product name to the
    canonical one; `entities` a native legal entity to ours; `currencies` a native currency id to its ISO code.
    """

    organisation: str
    system: str
    spellings: tuple[str, ...]
    currency: str | None = None
    zone: str = "UTC"
    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)
    entities: dict[str, str] = field(default_factory=dict)
    default_entity: str | None = None
    currencies: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, dict[str, str]] = field(default_factory=dict)
    won: tuple[str, str] | None = None
    own_clients: tuple[str, ...] = ()
    date_format: str | None = None
    conventions: dict[str, str] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    revision: str = ""

    def ref(self, kind: Kind, native: object) -> Ref | None:
        """The reference of a native id in this organisation; None for an empty one."""
        text = "" if native is None else str(native).strip()
        return Ref(self.organisation, kind, text) if text else None

    def field_name(self, object_: str, name: str, default: str) -> str:
        """The organisation's own field for `name` of `object_`, possibly a dotted path."""
        return self.fields.get(object_, {}).get(name, default)

    def product(self, native: str | None) -> tuple[str, bool]:
        """(canonical name, whether the mapping knows it); the native name stands in for an unknown one."""
        text = (native or "").strip()
        return (self.products[text], True) if text in self.products else (text, False)

    def entity(self, native: str | None) -> str | None:
        """Our name of a legal entity; the default where the document names none; `?native` where it is unmapped."""
        if not native:
            return self.default_entity
        return self.entities.get(native, f"?{native}")

    def check_spelling(self, spelled: str | None) -> None:
        """Refuse a payload that names another organisation than the one whose topic it came on."""
        if spelled and spelled not in self.spellings:
            raise Refused("foreign_tenant", f"{spelled} is no spelling of {self.organisation} in {self.system}")


class MappingError(ValueError):
    """A mapping file that cannot be used; the message names the file and the path of each mistake.

    Operator action: correct the file; `tieout check` validates it.
    """


def load(path: Path) -> Mapping:
    """The mapping in a YAML file; raises MappingError with the path of what is wrong."""
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
        return Mapping.model_validate(data)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(f"{path}: cannot be read: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors())
        raise MappingError(f"{path}: {wrong}") from error


def tenant(mapping: Mapping, system: str) -> Tenant:
    """What the translator of `system` is given."""
    products = {name: canonical for canonical, names in mapping.products.items() for name in names.get(system, [])}
    products.update({canonical: canonical for canonical in mapping.products})
    won = mapping.won
    return Tenant(
        organisation=mapping.organisation,
        system=system,
        spellings=tuple(mapping.organisations.get(system, ())),
        currency=mapping.currency,
        zone=mapping.zone,
        fields=mapping.fields.get(system, {}),
        products=products,
        entities={n: ours for ours, by in mapping.entity.items() for n in by.get(system, [])},
        default_entity=mapping.default_entity,
        currencies=mapping.currencies.get(system, {}),
        statuses={k.split(".", 1)[1]: v for k, v in mapping.statuses.items() if k.split(".", 1)[0] == system},
        won=(won.field, won.equals) if won and won.system == system else None,
        own_clients=tuple(mapping.own_clients.get(system, ())),
        date_format=mapping.date_formats.get(system),
        conventions=dict(mapping.revenue.convention),
        references={k.split(".", 1)[1]: v for k, v in mapping.references.items() if k.split(".", 1)[0] == system},
        revision=mapping.revision,
    )


class Mappings:
    """All organisations, found by the system and the record header `tenant`."""

    def __init__(self, mappings: list[Mapping]) -> None:
        self.mappings = mappings
        self._tenants: dict[tuple[str, str], Tenant] = {}
        for mapping in mappings:
            for system, spellings in mapping.organisations.items():
                made = tenant(mapping, system)
                for spelling in spellings:
                    if (system, spelling) in self._tenants:
                        raise MappingError(f"{system} {spelling} is claimed by two organisations")
                    self._tenants[system, spelling] = made

    def tenant(self, system: str, spelled: str | None) -> Tenant:
        """The organisation a record belongs to; raises Refused where nobody spells it so.

        A record without the header belongs to the only organisation of its system, if there is just one.
        """
        if spelled is None:
            own = {t.organisation: t for (name, _), t in self._tenants.items() if name == system}
            if len(own) == 1:
                return next(iter(own.values()))
            raise Refused("no_tenant", f"the record carries no tenant header and {system} has {len(own)} organisations")
        found = self._tenants.get((system, spelled))
        if found is None:
            raise Refused("unknown_tenant", f"no mapping spells an organisation {spelled} in {system}")
        return found

    def organisations(self) -> dict[str, Organisation]:
        """The facts the rules need, by organisation."""
        return {m.organisation: m.facts() for m in self.mappings}
