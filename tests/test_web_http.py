"""The web over HTTP: JSON and pages, who may read them, health and metrics."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from agents.metrics import Metrics
from agents.web import health, server
from agents.web.access import SESSION_SECONDS, Gate, Unprotected
from models.outputs import Alert
from tables.records import Records
from tests.web_story import Store, story

NUMBER, REF = "00000417", "aster-1/contract_number/00000417"
END = datetime(2026, 4, 10, tzinfo=UTC)
DEALS = ("002-salesforce-opportunity-created.json", "004-salesforce-opportunity-won.json")
LOST = ("026-netsuite-payment-first.json", "071-netsuite-invoice-upgrade.json", "080-netsuite-invoice-upgrade-paid.json")


@pytest.fixture(scope="module")
def clean() -> Store:
    return story()


@pytest.fixture(scope="module")
def troubled() -> Store:
    """One payment and one invoice never reach the ERP."""
    return story(until=END, leave_out=LOST)


@dataclass(frozen=True)
class Bound:
    """Settings as the web reads them."""

    web_host: str = "127.0.0.1"
    api_token: SecretStr | None = None


TOKEN = Bound("0.0.0.0", SecretStr("a long secret"))
Answer = tuple[int, str, dict[str, str]]


def ask(store: Store, path: str, bound: Bound | None = None, method: str = "GET", **given: Any) -> Answer:
    """One request to the application."""

    async def run() -> Answer:
        app = server.create(store, bound or Bound(), store.facts)
        async with TestClient(TestServer(app)) as client, client.request(method, path, allow_redirects=False, **given) as response:
            return response.status, await response.text(), dict(response.headers)

    return asyncio.run(run())


@pytest.mark.parametrize("name", [NUMBER, REF.replace("/", "%2F"), REF])
def test_the_api_gives_a_contract(troubled: Store, name: str) -> None:
    status, body, _ = ask(troubled, f"/api/v1/contracts/{name}")
    found = json.loads(body)

    assert status == 200 and found["contract"]["ref"] == REF
    assert {s["amount"]["amount"] for s in found["standing"] if s["state"] == "open"} == {"17255.00", "3266.80"}


def test_fields_are_written_out_even_where_they_are_zero(clean: Store) -> None:
    found = json.loads(ask(clean, "/api/v1/contracts")[1])["items"][0]

    assert (found["open_alerts"], found["orphan"], found["number"]) == (0, False, NUMBER)


@pytest.mark.parametrize("path", ["summary", "alerts?severity=high&limit=1", "contracts?text=nordlicht&open=true", "rules"])
def test_the_api_lists(troubled: Store, path: str) -> None:
    status, body, headers = ask(troubled, f"/api/v1/{path}")

    assert status == 200 and json.loads(body) and headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("contracts/nobody", 404, "not_found"),
        ("nothing", 404, "not_found"),
        ("alerts?limit=1000", 400, "bad_query"),
        ("rules?x=1", 400, "bad_query"),
    ],
)
def test_errors_of_the_api_are_json(clean: Store, path: str, status: int, code: str) -> None:
    got, body, _ = ask(clean, f"/api/v1/{path}")

    assert (got, json.loads(body)["error"]["code"]) == (status, code)


@pytest.mark.parametrize("path", ["/", "/alerts", "/alerts?text=%3Cscript%3E", "/contracts", f"/contracts/{NUMBER}", "/rules"])
def test_pages_are_served_with_protecting_headers(troubled: Store, path: str) -> None:
    status, body, headers = ask(troubled, path)

    assert status == 200 and "<script" not in body
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")


def test_what_a_system_wrote_is_text_and_never_markup() -> None:
    def named(payload: bytes) -> bytes:
        return payload.replace(b"Nordlicht Analytik - Analytics Platform", b"<script>alert(1)</script>")

    store = story(until=datetime(2025, 2, 21, 12, tzinfo=UTC), change=dict.fromkeys(DEALS, named))
    body = ask(store, "/contracts")[1]

    assert "&lt;script&gt;alert(1)" in body and "<script" not in body


def test_a_bug_is_logged_without_the_path_and_answered_in_the_form_asked_for(clean: Store, capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(Store):
        def partitions(self) -> list[Records]:
            raise RuntimeError("broken")

    status, body, headers = ask(Broken(clean.facts), f"/api/v1/contracts/{NUMBER}")
    logged = capsys.readouterr().out

    assert (status, json.loads(body)["error"]["code"]) == (500, "internal_error")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "web.failed" in logged and NUMBER not in logged
    assert ask(Broken(clean.facts), "/")[0] == 500


def test_a_name_that_is_not_loopback_is_refused(clean: Store) -> None:
    assert ask(clean, "/", headers={"Host": "evil.example:6066"})[0] == 421
    assert ask(clean, "/", headers={"Host": "localhost:6066"})[0] == 200


def test_an_open_address_needs_a_token(clean: Store) -> None:
    with pytest.raises(Unprotected):
        server.create(clean, Bound("0.0.0.0"), clean.facts)


@pytest.mark.parametrize(
    "given", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}, {"Cookie": "tieout_session=9999999999.00"}]
)
def test_without_the_token_nothing_is_read(clean: Store, given: dict[str, str]) -> None:
    assert ask(clean, "/api/v1/summary", TOKEN, headers=given)[0] == 401
    assert ask(clean, "/contracts", TOKEN, headers=given)[2]["Location"] == "/login"


def test_the_token_opens_the_api_and_a_session_opens_the_pages(clean: Store) -> None:
    assert ask(clean, "/api/v1/summary", TOKEN, headers={"Authorization": "Bearer a long secret"})[0] == 200
    status, _, headers = ask(clean, "/login", TOKEN, "POST", data={"token": "a long secret"})
    cookie = headers["Set-Cookie"]

    assert status == 303 and "HttpOnly" in cookie and "SameSite=Strict" in cookie and "a long secret" not in cookie
    assert ask(clean, "/", TOKEN, headers={"Cookie": cookie.split(";")[0]})[0] == 200
    assert ask(clean, "/", TOKEN, headers={"Cookie": cookie.split(";")[0][:-1] + "x"})[0] == 303


def test_guesses_are_limited(clean: Store) -> None:
    async def run() -> list[int]:
        app = server.create(clean, TOKEN, clean.facts)
        async with TestClient(TestServer(app)) as client:
            return [(await client.post("/login", data={"token": str(n)})).status for n in range(12)]

    assert asyncio.run(run()) == [401] * 10 + [429] * 2


def test_a_session_ends_and_cannot_be_made_without_the_token(monkeypatch: pytest.MonkeyPatch, clean: Store) -> None:
    good, other = Gate(TOKEN), Gate(Bound("0.0.0.0", SecretStr("another")))
    cookie = {"Cookie": f"tieout_session={good.session()}"}

    assert ask(clean, "/api/v1/rules", TOKEN, headers=cookie)[0] == 200
    assert ask(clean, "/api/v1/rules", TOKEN, headers={"Cookie": f"tieout_session={other.session()}"})[0] == 401
    late = time.time() + SESSION_SECONDS + 1
    monkeypatch.setattr("agents.web.access.time.time", lambda: late)
    assert ask(clean, "/api/v1/rules", TOKEN, headers=cookie)[0] == 401


def test_a_login_from_elsewhere_or_with_a_wrong_token_fails(clean: Store) -> None:
    assert ask(clean, "/login", TOKEN, "POST", data={"token": "wrong"})[0] == 401
    assert ask(clean, "/login", TOKEN, "POST", data={"token": "a long secret"}, headers={"Origin": "https://evil.example"})[0] == 403


def test_health_and_metrics_have_a_port_of_their_own(troubled: Store) -> None:
    metrics, reasons = Metrics(), ["2 partitions are being recovered"]
    metrics.watch(troubled)
    for output in troubled.outputs:
        metrics.count_output(output)

    async def run() -> list[Answer]:
        found = []
        async with TestClient(TestServer(health.create(metrics.registry, lambda: reasons[0]))) as client:
            for path in ("/health/live", "/health/ready", "/metrics"):
                async with client.get(path) as response:
                    found.append((response.status, await response.text(), dict(response.headers)))
        return found

    live, ready, shown = asyncio.run(run())
    assert live[0] == 200
    assert ready[0] == 503 and reasons[0] in ready[1]
    assert 'tieout_amount_at_risk{currency="EUR",rule="payment_not_recorded"} 17255.0' in shown[1]
    assert 'tieout_alerts_open{rule="invoice_not_in_erp",severity="high"} 1.0' in shown[1]
    opened = [o for o in troubled.outputs if isinstance(o, Alert) and o.state == "opened" and o.rule == "payment_not_recorded"]
    assert f'tieout_alerts_opened_total{{rule="payment_not_recorded"}} {len(opened)}.0' in shown[1]
    assert NUMBER not in shown[1]
