"""The web application: JSON under /api/v1, pages beside it; read-only, denied by default."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from agents.web import listing, views
from agents.web.access import COOKIE, SESSION_SECONDS, Gate, Settings, protect, same_origin
from agents.web.filters import ALERT_SORTS, CONTRACT_SORTS, BadQuery, alert_filter, contract_filter
from agents.web.pages import HERE, Pages
from agents.web.plain import encode
from agents.web.reading import Partition, Reader, find, present
from models.desk import Facts
from models.findings import Severity

BODY_MAX_BYTES = 4096
NAME_MAX = 300
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = structlog.get_logger()


def create(reader: Reader, settings: Settings, facts: Facts, clock: Callable[[], datetime] | None = None) -> web.Application:
    """The application; raises access.Unprotected where it would be open to the network without a token.

    `clock` gives the present for ages and deadlines; without one it is the latest time that the records know of.
    """
    return Web(reader, Gate(settings), facts, clock).application()


class Web:
    """The handlers, and what they read from."""

    def __init__(self, reader: Reader, gate: Gate, facts: Facts, clock: Callable[[], datetime] | None) -> None:
        self._reader, self._gate, self._facts, self._clock = reader, gate, facts, clock
        self._pages = Pages(gate.needs_token)

    def application(self) -> web.Application:
        """The routes, behind the gate."""
        app = web.Application(middlewares=[self._answer], client_max_size=BODY_MAX_BYTES)
        app.on_response_prepare.append(protect)
        app.router.add_get("/", self._overview)
        app.router.add_get("/alerts", self._alerts)
        app.router.add_get("/contracts", self._contracts)
        app.router.add_get("/contracts/{id:.+}", self._contract)
        app.router.add_get("/rules", self._rules)
        app.router.add_get("/login", self._login_form)
        app.router.add_post("/login", self._login)
        app.router.add_post("/logout", self._logout)
        app.router.add_static("/static", HERE / "static")
        app.router.add_get("/api/v1/summary", self._api_summary)
        app.router.add_get("/api/v1/alerts", self._api_alerts)
        app.router.add_get("/api/v1/contracts", self._api_contracts)
        app.router.add_get("/api/v1/contracts/{id:.+}", self._api_contract)
        app.router.add_get("/api/v1/rules", self._api_rules)
        return app

    # -- the gate, and errors in the form that the caller reads

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return self._refused(request) or await handler(request)
        except BadQuery as error:
            return self._error(request, 400, "bad_query", str(error))
        except web.HTTPRedirection:
            raise
        except web.HTTPException as error:
            return self._error(request, error.status, error.reason.lower().replace(" ", "_"), error.text or error.reason)
        except Exception as error:  # noqa: BLE001 - a bug in a page must not end the worker that folds
            _log_bug(request, error)
            return self._error(request, 500, "internal_error", "The page could not be made; the worker's log says why.")

    def _refused(self, request: web.Request) -> web.StreamResponse | None:
        if not self._gate.host_allowed(request):
            return self._error(request, 421, "unknown_host", "This address answers to localhost and 127.0.0.1 only.")
        if request.path == "/login" or request.path.startswith("/static/") or self._gate.allowed(request):
            return None
        if request.path.startswith("/api/"):
            response = self._error(request, 401, "unauthorized", "Send the token: Authorization: Bearer <token>.")
            response.headers["WWW-Authenticate"] = "Bearer"
            return response
        raise web.HTTPSeeOther("/login")

    def _error(self, request: web.Request, status: int, code: str, message: str) -> web.Response:
        if request.path.startswith("/api/"):
            return _json({"error": {"code": code, "message": message}}, status)
        return self._pages.error(status, code.replace("_", " ").capitalize(), message)

    # -- what is read

    def _read(self) -> tuple[list[Partition], datetime]:
        partitions = list(self._reader.partitions())
        return partitions, self._clock() if self._clock else present(partitions)

    def _one(self, request: web.Request) -> views.ContractView:
        name = request.match_info["id"]
        partitions, now = self._read()
        located = find(partitions, name) if len(name) <= NAME_MAX else None
        view = views.contract(located, self._facts, now) if located else None
        if view is None:
            raise web.HTTPNotFound(reason="Not Found", text="No contract of this reference or number is known here.")
        return view

    # -- JSON

    async def _api_summary(self, request: web.Request) -> web.Response:
        _nothing_asked(request)
        return _json(listing.summary(*self._read()))

    async def _api_alerts(self, request: web.Request) -> web.Response:
        wanted = alert_filter(request.query)
        partitions, now = self._read()
        return _json(listing.alert_list(partitions, wanted, now))

    async def _api_contracts(self, request: web.Request) -> web.Response:
        wanted = contract_filter(request.query)
        return _json(listing.contract_list(self._read()[0], wanted))

    async def _api_contract(self, request: web.Request) -> web.Response:
        _nothing_asked(request)
        return _json(self._one(request))

    async def _api_rules(self, request: web.Request) -> web.Response:
        _nothing_asked(request)
        return _json(listing.rule_list(self._read()[0]))

    # -- pages

    async def _overview(self, request: web.Request) -> web.Response:
        _nothing_asked(request)
        return self._pages.page("overview.html", summary=listing.summary(*self._read()))

    async def _alerts(self, request: web.Request) -> web.Response:
        wanted = alert_filter(request.query)
        partitions, now = self._read()
        choices: dict[str, Any] = {
            "rules": listing.rule_list(partitions),
            "systems": self._systems(),
            "severities": list(Severity),
            "sorts": ALERT_SORTS,
        }
        return self._pages.page("alerts.html", found=listing.alert_list(partitions, wanted, now), wanted=wanted, now=now, **choices)

    async def _contracts(self, request: web.Request) -> web.Response:
        wanted = contract_filter(request.query)
        found = listing.contract_list(self._read()[0], wanted)
        return self._pages.page("contracts.html", found=found, wanted=wanted, sorts=CONTRACT_SORTS)

    async def _contract(self, request: web.Request) -> web.Response:
        _nothing_asked(request)
        return self._pages.page("contract.html", view=self._one(request))

    async def _rules(self, request: web.Request) -> web.Response:
        _nothing_asked(request)
        return self._pages.page("rules.html", rules=listing.rule_list(self._read()[0]))

    def _systems(self) -> list[str]:
        return sorted({system for org in self._facts.organisations.values() for system in org.landscape.values()})

    # -- sessions

    async def _login_form(self, request: web.Request) -> web.Response:
        if not self._gate.needs_token:
            raise web.HTTPSeeOther("/")
        return self._pages.page("login.html", wrong="", signed_in=False)

    async def _login(self, request: web.Request) -> web.Response:
        if not same_origin(request):
            return self._error(request, 403, "forbidden", "The form was not sent from this site.")
        if not self._gate.may_try():
            return self._pages.page("login.html", 429, signed_in=False, wrong="Too many wrong tokens; wait a minute.")
        given = (await request.post()).get("token", "")
        if not (isinstance(given, str) and self._gate.is_token(given.strip())):
            self._gate.failed()
            return self._pages.page("login.html", 401, signed_in=False, wrong="This is not the token.")
        response = web.Response(status=303, headers={"Location": "/"})
        secure = request.secure or request.headers.get("X-Forwarded-Proto") == "https"
        response.set_cookie(COOKIE, self._gate.session(), max_age=SESSION_SECONDS, httponly=True, samesite="Strict", secure=secure)
        return response

    async def _logout(self, request: web.Request) -> web.Response:
        response = web.Response(status=303, headers={"Location": "/login"})
        response.del_cookie(COOKIE)
        return response


def _log_bug(request: web.Request, error: Exception) -> None:
    """Say where it went wrong: the route's pattern and lines of code. Path, message and variables may name customers."""
    resource = request.match_info.route.resource
    steps = [f"{Path(step.filename).name}:{step.lineno} {step.name}" for step in traceback.extract_tb(error.__traceback__)]
    log.error("web.failed", route=resource.canonical if resource else "", error=type(error).__name__, steps=steps)


def _nothing_asked(request: web.Request) -> None:
    if request.query:
        raise BadQuery(f"this address takes no parameters, and {next(iter(request.query))[:40]!r} was given")


def _json(data: Any, status: int = 200) -> web.Response:
    return web.Response(body=encode(data), content_type="application/json", status=status)


async def serve(app: web.Application, host: str, port: int) -> web.AppRunner:
    """Listen; the caller cleans the runner up when it stops."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
