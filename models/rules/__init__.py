"""The divergence rules, one file each: drop a file here and it is a rule; its docstring is what people are shown."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from models.case import Case
from models.findings import Finding, Severity
from models.references import Kind


@dataclass(frozen=True)
class Rule:
    """A rule as its file declares it.

    `scope` is "contract" (sees the whole contract, runs once), "family" (runs for each page of leaf documents) or
    "page" (runs for every page, that of the commercial documents as well).
    `concerns` are the kinds of documents whose change can alter its answer; `compliance` rules never sink below low.
    """

    code: str
    severity: Severity
    scope: str
    concerns: frozenset[Kind]
    check: Callable[[Case], Iterator[Finding]]
    title: str
    text: str
    compliance: bool = False


@cache
def rules() -> dict[str, Rule]:
    """All rules by their code, found by their files, in the order of their names."""
    found = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        module = importlib.import_module(f"{__name__}.{name}")
        title, _, text = (module.__doc__ or "").strip().partition("\n")
        found[module.CODE] = Rule(
            code=module.CODE,
            severity=module.SEVERITY,
            scope=module.SCOPE,
            concerns=frozenset(module.CONCERNS),
            check=module.check,
            title=title,
            text=text.strip(),
            compliance=getattr(module, "COMPLIANCE", False),
        )
    return found


@cache
def concerned(scope: str, kind: Kind) -> tuple[Rule, ...]:
    """The rules of a scope that a change of this kind of document concerns."""
    return tuple(rule for rule in rules().values() if rule.scope == scope and kind in rule.concerns)
