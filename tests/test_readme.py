"""The README's two command lines: there once each, and the second is what CI runs."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DEMO = "python3 -m venv .venv && .venv/bin/pip install -q -e . && .venv/bin/tieout demo"
TESTS = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' && .venv/bin/pytest"


@pytest.mark.parametrize("command", [DEMO, TESTS], ids=["demo", "tests"])
def test_a_command_line_stands_there_exactly_once(command: str) -> None:
    assert README.count(command) == 1
    assert README.splitlines().count(command) == 1, "on a line of its own, to be copied"


def test_there_is_no_second_way_to_set_up() -> None:
    assert README.count("pip install") == 2


def test_ci_runs_the_test_command_as_written() -> None:
    assert TESTS in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


def test_every_file_the_readme_links_to_exists() -> None:
    links = [part.split(")")[0] for part in README.split("](")[1:]]

    assert [link for link in links if "://" not in link and not (ROOT / link.split("#")[0]).exists()] == []
