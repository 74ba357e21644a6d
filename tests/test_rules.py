"""Every rule as a table of contracts in data: when it fires and with what, when it stays silent, waits and closes."""

from __future__ import annotations

from typing import Any

import pytest

from models.rules import rules
from tests.contracts import FOLDER, Folded, fold, instant, load

KINDS = ("fires", "silent", "waits")


def cases() -> list[Any]:
    """All cases, each with the rule that its file is named by."""
    files = [path for path in sorted(FOLDER.glob("*.yaml")) if path.stem != "base"]
    return [pytest.param(path.stem, case, id=f"{path.stem}: {case['name']}") for path in files for case in load(path)]


def closed(folded: Folded, rule: str, fires: dict[str, str]) -> None:
    """The alert was closed when the case says, and stays open where it says nothing."""
    ends = [one.at for one in folded.alerts(rule) if one.state == "closed"]

    assert ends == ([instant(fires["closes"])] * int(fires.get("findings", "1")) if "closes" in fires else [])


def fired(folded: Folded, rule: str, fires: dict[str, str]) -> None:
    """One alert (or so many as the case says) opened at its time, the first of them with its amount, subject, part, period, severity and who is probably wrong."""
    opened = [one for one in folded.alerts(rule) if one.state == "opened"]

    assert len(opened) == int(fires.get("findings", "1")), [one.message for one in opened] or [str(one) for one in folded.standing(rule)]
    alert = min(opened, key=lambda one: (one.part, one.period))
    money = alert.amount_at_risk
    shown = {
        "at": f"{alert.at:%Y-%m-%d %H:%M}",
        "amount": f"{money.amount:f} {money.currency}" if money else "-",
        "subject": alert.subject,
        "part": alert.part,
        "period": alert.period,
        "severity": alert.severity,
        "culprit": alert.culprit.system if alert.culprit else "-",
    }
    assert {"at", "amount"} <= fires.keys()
    assert {name: value for name, value in shown.items() if name in fires} == {k: v for k, v in fires.items() if k in shown}
    closed(folded, rule, fires)


# A rule about a source has no contract to be a table of: tests/test_silence.py is its test.
CONTRACT_RULES = [code for code, rule in rules().items() if rule.scope != "source"]


@pytest.mark.parametrize(("rule", "case"), cases())
def test_a_rule_keeps_its_table(rule: str, case: dict[str, Any]) -> None:
    """The rule does what the case says, and of the other rules exactly those open that the case names."""
    folded = fold(case)

    assert sum(kind in case for kind in KINDS) == 1
    assert {one.rule for one in folded.alerts()} - {rule} == set(case.get("also", ()))
    if "fires" in case:
        fired(folded, rule, case["fires"])
        return
    assert [one.message for one in folded.alerts(rule)] == []
    dues = sorted({f"{standing.due:%Y-%m-%d %H:%M}" for standing in folded.standing(rule)})
    assert dues == ([case["waits"]] if "waits" in case else [])


@pytest.mark.parametrize("rule", CONTRACT_RULES)
def test_every_rule_has_its_table(rule: str) -> None:
    """At least one contract on which it fires, and two on which it has nothing to say or waits."""
    found = load(FOLDER / f"{rule}.yaml")

    assert sum("fires" in case for case in found) >= 1
    assert sum("silent" in case or "waits" in case for case in found) >= 2
    assert len({case["name"] for case in found}) == len(found)


def test_no_table_is_about_nothing() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} - {"base"} == set(CONTRACT_RULES)


def test_the_contract_that_all_cases_change_is_clean() -> None:
    """Nothing opens; only the next row of revenue waits to be recognised, until three business days after January."""
    folded = fold({})

    assert folded.alerts() == []
    standing = [(code, f"{one.due:%Y-%m-%d}") for code in rules() for one in folded.standing(code)]
    assert standing == [("revenue_recognised_late", "2025-02-06")]
