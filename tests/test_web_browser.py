"""The pages in a real browser: they render, are styled, and say what a reader must see."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from agents.web import server
from tests.test_web_http import LOST, Bound
from tests.web_story import story

pytestmark = pytest.mark.browser
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1600",
]
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The pages of a troubled story, served from a thread."""
    store = story(until=datetime(2026, 4, 10, tzinfo=UTC), leave_out=LOST)
    loop, started = asyncio.new_event_loop(), threading.Event()
    runner: list[web.AppRunner] = []

    async def start() -> None:
        runner.append(await server.serve(server.create(store, Bound(), store.facts), "127.0.0.1", 0))
        started.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(start())
        loop.run_forever()

    thread = threading.Thread(target=run)
    thread.start()
    assert started.wait(10)
    yield f"http://127.0.0.1:{runner[0].addresses[0][1]}"
    asyncio.run_coroutine_threadsafe(runner[0].cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def browse(tmp_path: Path, *arguments: str) -> str:
    """What Chromium prints, with a profile of its own."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "this test needs Chromium: apt-get install chromium"
    command = [chromium, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.parametrize("path", ["/", "/contracts/00000417", "/alerts?severity=high", "/rules"])
def test_a_page_can_be_photographed(address: str, tmp_path: Path, path: str) -> None:
    picture = tmp_path / "page.png"
    browse(tmp_path, f"--screenshot={picture}", address + path)

    # a page without its style sheet or its text is a much smaller picture
    assert picture.read_bytes().startswith(PNG) and picture.stat().st_size > 30_000


def test_the_overview_shows_what_is_at_risk(address: str, tmp_path: Path) -> None:
    dom = text_of(browse(tmp_path, "--dump-dom", address + "/"))

    assert "2 open alerts" in dom and "EUR all rules 20,521.80" in dom
    assert "payment not recorded" in dom and "Oldest open" in dom


def test_the_contract_page_says_its_verdict_and_marks_in_words(address: str, tmp_path: Path) -> None:
    dom = text_of(browse(tmp_path, "--dump-dom", address + "/contracts/00000417"))

    assert "2 open differences, 20,521.80 EUR at risk; netsuite is probably wrong." in dom
    assert "missing since 2025-09-16 04:10 UTC" in dom and "not late until" in dom
    assert "025-zuora-payment-first-settled.json" in dom


def text_of(dom: str) -> str:
    """The text of a page, tags gone and spaces single."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", dom))
