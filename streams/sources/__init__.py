"""One file per system: `translate(payload, tenant)` turns native bytes into statements. A file here is a system."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from functools import cache

from models.statements import Notice, Skipped, Statement
from streams.mapping import Tenant

Said = Statement | Notice | Skipped
Translate = Callable[[bytes, Tenant], Iterable[Said]]

# Every system the product knows a topic for; those without a file here yet are counted and skipped.
SYSTEMS = [
    "salesforce",
    "hubspot",
    "cpq",
    "zuora",
    "chargebee",
    "stripe",
    "tax",
    "payment_gateway",
    "provisioning",
    "usage",
    "netsuite",
    "dynamics365",
    "sap_s4hana",
    "oracle_fusion",
    "files",
]


def described(system: str) -> str:
    """What a system's translator says it is; empty for one that has none yet."""
    translate = translators().get(system)
    module = importlib.import_module(translate.__module__) if translate else None
    return (module.__doc__ or "").strip().splitlines()[0] if module else ""


@cache
def translators() -> dict[str, Translate]:
    """The translators there are, by system, found by their files."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        found[module.name] = importlib.import_module(f"{__name__}.{module.name}").translate
    return found
