"""Health and metrics, on a port of their own: live, ready, and what Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

Ready = Callable[[], str]


def create(registry: CollectorRegistry, ready: Ready) -> web.Application:
    """The application. `ready` says why the worker is not ready, in words, or nothing when it is."""
    app = web.Application(client_max_size=1024)

    async def live(_: web.Request) -> web.Response:
        """The event loop answers: that is all. A broker that is away must not restart the worker."""
        return web.json_response({"status": "live"})

    async def readiness(_: web.Request) -> web.Response:
        reason = ready()
        body = {"status": "not ready", "reason": reason} if reason else {"status": "ready"}
        return web.json_response(body, status=503 if reason else 200)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_get("/health/live", live)
    app.router.add_get("/health/ready", readiness)
    app.router.add_get("/metrics", metrics)
    return app
