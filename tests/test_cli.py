"""The command line as a user meets it: outputs, exit codes, and errors that say what to do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agents.cli import app
from models.rules import rules
from streams import topics
from streams.transports.embedded.log import Log
from tests import spine

run = CliRunner()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for data, with the story's mapping."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIEOUT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TIEOUT_MAPPING", str(spine.FOLDER / spine.SPINE["mapping"]))
    return tmp_path


def test_replay_prints_json_lines_and_exits_by_what_is_left_open(tmp_path: Path) -> None:
    """The healthy story: milestones and revenue, no alert, exit 0; with a sole copy missing --fail-on high exits 3."""
    arguments = ["replay", str(spine.FOLDER), "--mapping", str(spine.FOLDER / spine.SPINE["mapping"]), "--until", spine.EXPECTED["until"]]
    done = run.invoke(app, arguments)
    kinds = {json.loads(line)["kind"] for line in done.stdout.splitlines()}
    assert done.exit_code == 0 and kinds == {"milestone", "revenue", "merged"}
    folder = tmp_path / "story"
    folder.mkdir()
    for path in spine.FOLDER.iterdir():
        if path.name != "026-netsuite-payment-first.json":
            (folder / path.name).write_bytes(path.read_bytes())
    done = run.invoke(app, ["replay", str(folder), *arguments[2:], "--fail-on", "high"])
    assert done.exit_code == 3
    assert [json.loads(x)["rule"] for x in done.stdout.splitlines() if '"kind": "alert"' in x] == ["payment_not_recorded"]


def test_two_policies_print_the_difference_in_alerts(tmp_path: Path) -> None:
    """A stricter policy over the same history: what would be new."""
    (tmp_path / "now.yaml").write_text("version: 1\n")
    (tmp_path / "strict.yaml").write_text("version: 2\ngrace_payment_to_erp: 1\n")
    policies = [word for name in ("now", "strict") for word in ("--policy", str(tmp_path / f"{name}.yaml"))]
    done = run.invoke(app, ["replay", str(spine.FOLDER), "--mapping", str(spine.FOLDER / spine.SPINE["mapping"]), *policies])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0 and rows
    assert {row["policy_change"] for row in rows} == {"new"}
    assert {row["rule"] for row in rows} <= {"payment_not_recorded", "invoice_paid_status_mismatch", "refund_mismatch"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["replay", "nowhere"], "neither a folder nor a .jsonl file"),
        (["replay", ".", "--until", "tomorrow"], "is not an ISO date and time"),
        (["replay", ".", "--fail-on", "awful"], "choose one of"),
        (["rules", "no_such_rule"], "`tieout rules` lists them"),
        (["send", "fax", "x.json"], "is no system; choose one of"),
        (["send", "zuora", "missing.json"], "there is no such file"),
        (["dead-letters", "show", "9:9"], "tieout dead-letters list"),
    ],
)
def test_errors_say_what_to_do(home: Path, arguments: list[str], says: str) -> None:
    """No traceback: one sentence, exit 2."""
    done = run.invoke(app, arguments)
    assert done.exit_code == 2
    assert says in " ".join(done.output.split()), done.output


def test_rules_and_systems_come_from_the_docstrings() -> None:
    """Every rule with a title; the four systems have a translator."""
    listed = {row["rule"]: row for row in json.loads(run.invoke(app, ["rules", "--json"]).stdout)}
    assert listed.keys() == rules().keys() and all(row["title"] and row["text"] and row["stage"] is not None for row in listed.values())
    there = {row["system"] for row in json.loads(run.invoke(app, ["systems", "--json"]).stdout) if row["translator"]}
    assert there == {"salesforce", "cpq", "zuora", "netsuite"}


def test_check_says_what_is_wrong(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All right with a mapping; without one, or with a bad policy, it names the setting and the path."""
    assert run.invoke(app, ["check"]).exit_code == 0
    (home / "policy.yaml").write_text("grace_schedule: soon\n")
    monkeypatch.setenv("TIEOUT_POLICY", str(home / "policy.yaml"))
    monkeypatch.setenv("TIEOUT_MAPPING", "")
    done = run.invoke(app, ["check", "--json"])
    wrong = {row["check"]: row["says"] for row in json.loads(done.stdout) if not row["ok"]}
    assert done.exit_code == 1
    assert "grace_schedule" in wrong["policy"] and "TIEOUT_MAPPING" in wrong["mapping"]


def test_simulate_writes_what_replay_reads(tmp_path: Path) -> None:
    """The folder replays as it is, and the labels lie beside it."""
    done = run.invoke(app, ["simulate", str(tmp_path / "sim"), "--contracts", "12", "--faults", "3", "--months", "6", "--json"])
    assert done.exit_code == 0, done.output
    labels = json.loads((tmp_path / "sim" / "injected.json").read_text())
    until = json.loads((tmp_path / "sim" / "manifest.json").read_text())["until"]
    replayed = run.invoke(app, ["replay", str(tmp_path / "sim"), "--until", until])
    opened = {json.loads(x)["rule"] for x in replayed.stdout.splitlines() if '"state": "opened"' in x}
    assert opened == {label["rule"] for label in labels}


def test_topics_are_created_and_listed(home: Path) -> None:
    """Nothing exists before, everything after."""
    assert not any(row["exists"] for row in json.loads(run.invoke(app, ["topics", "--json"]).stdout))
    assert all(row["exists"] for row in json.loads(run.invoke(app, ["topics", "--create", "--json"]).stdout))


def test_a_worker_takes_what_is_sent_and_gives_back_dead_letters(home: Path) -> None:
    """send, worker, dead-letters: bytes that are no JSON come back untouched, and go round again when redriven."""
    bad = home / "bad.json"
    bad.write_bytes(b'{"broken": ')
    good = spine.FOLDER / "002-salesforce-opportunity-created.json"
    tenant = ["--tenant", spine.records()[0].headers["tenant"]]
    assert run.invoke(app, ["send", "salesforce", str(good), str(bad), *tenant]).exit_code == 0
    environment = {**os.environ, "TIEOUT_WEB_PORT": "0", "TIEOUT_METRICS_PORT": "0", "TIEOUT_TICK_SECONDS": "0.1"}
    with (home / "worker.log").open("wb") as output:
        worker = subprocess.Popen([sys.executable, "-m", "agents.cli", "worker"], env=environment, stdout=output, stderr=output)
    try:
        letters = _wait(lambda: json.loads(run.invoke(app, ["dead-letters", "list", "--json"]).stdout), home)
        assert [(row["code"], row["topic"], row["attempt"]) for row in letters] == [("not_json", topics.source("salesforce"), "1")]
        assert run.invoke(app, ["dead-letters", "show", letters[0]["place"]]).stdout.rstrip("\n") == bad.read_text()
        assert run.invoke(app, ["dead-letters", "redrive", "all"]).exit_code == 0
        assert len(json.loads(run.invoke(app, ["dead-letters", "list", "--json"]).stdout)) == 1, "without --go nothing is sent"
        assert run.invoke(app, ["dead-letters", "redrive", "all", "--go"]).exit_code == 0
        again = _wait(lambda: json.loads(run.invoke(app, ["dead-letters", "list", "--json"]).stdout)[1:], home)
        assert again[0]["attempt"] == "2"
        second = subprocess.run(
            [sys.executable, "-m", "agents.cli", "worker"], env=environment, capture_output=True, text=True, timeout=30, check=False
        )
        assert second.returncode != 0 and "already" in second.stderr
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    finally:
        worker.kill()
        worker.wait()
    log = Log(home / "data" / "log")
    assert sum(end for (name, _), end in log.ends().items() if name == topics.STATEMENTS) > 0
    log.close()


def _wait(look: object, home: Path, seconds: float = 30.0) -> list[dict[str, str]]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()  # type: ignore[operator]
        if found:
            return found  # type: ignore[no-any-return]
        time.sleep(0.1)
    raise AssertionError((home / "worker.log").read_text()[-3000:])
