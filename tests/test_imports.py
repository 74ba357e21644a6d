"""The layers, the types and the style, each checked by its own tool as part of the default run."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = Path(sysconfig.get_path("scripts"))
COMMANDS = {
    "layers": ["lint-imports", "--no-logo"],
    "types": ["mypy"],
    "rules of style": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
def test_the_tool_is_content(command: list[str]) -> None:
    ran = subprocess.run([TOOLS / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_mypy_is_strict_about_every_package() -> None:
    settings = (ROOT / "pyproject.toml").read_text("utf-8")

    assert "strict = true" in settings
    assert 'files = ["models", "streams", "tables", "agents"]' in settings
