"""Who may read: deny by default; a token unless bound to loopback; a cookie for browsers; host names checked."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import time
from collections import deque
from typing import Protocol
from urllib.parse import urlsplit

from aiohttp import web
from pydantic import SecretStr

COOKIE = "tieout_session"
SESSION_SECONDS = 12 * 3600
LOGIN_FAILURES_MAX = 10
LOGIN_WINDOW_SECONDS = 60
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Settings(Protocol):
    """What the web needs to know of the settings (streams.settings.Settings has it)."""

    @property
    def web_host(self) -> str:
        """The address to bind to."""

    @property
    def api_token(self) -> SecretStr | None:
        """The token that readers must show; none is allowed on loopback only."""


class Unprotected(ValueError):
    """Pages would be open to the network without a token.

    Operator action: set TIEOUT_API_TOKEN, or bind to 127.0.0.1.
    """


def is_loopback(host: str) -> bool:
    """Whether an address to bind to is reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Gate:
    """Decides whether a request may be answered."""

    def __init__(self, settings: Settings) -> None:
        token = settings.api_token.get_secret_value() if settings.api_token else ""
        self.loopback = is_loopback(settings.web_host)
        if not (self.loopback or token):
            raise Unprotected(f"binding to {settings.web_host} needs TIEOUT_API_TOKEN")
        self.needs_token = bool(token)
        self._token = token.encode()
        self._failures: deque[float] = deque()

    def host_allowed(self, request: web.Request) -> bool:
        """On loopback only loopback names: a name that an attacker's DNS points at us (rebinding) is refused."""
        return not self.loopback or _name(request.host) in LOOPBACK_NAMES

    def allowed(self, request: web.Request) -> bool:
        """Whether the request shows the token, or a session made with it."""
        if not self.needs_token:
            return True
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self.is_token(given.strip())
        return self._is_session(request.cookies.get(COOKIE, ""))

    def is_token(self, given: str) -> bool:
        """Compares in constant time; false where there is no token to compare with."""
        return bool(self._token) and hmac.compare_digest(_digest(given.encode()), _digest(self._token))

    def session(self) -> str:
        """A session that ends by itself: its end and a signature with the token as key, the same on every worker."""
        until = str(int(time.time()) + SESSION_SECONDS)
        return f"{until}.{self._sign(until)}"

    def _is_session(self, cookie: str) -> bool:
        until, _, signature = cookie.partition(".")
        signed = hmac.compare_digest(signature.encode(), self._sign(until).encode())
        return signed and until.isascii() and until.isdigit() and int(until) > time.time()

    def _sign(self, until: str) -> str:
        return hmac.new(self._token, b"tieout session " + until.encode(), hashlib.sha256).hexdigest()

    def may_try(self) -> bool:
        """Whether another login may be tried: guesses are limited for everybody together."""
        now = time.monotonic()
        while self._failures and self._failures[0] < now - LOGIN_WINDOW_SECONDS:
            self._failures.popleft()
        return len(self._failures) < LOGIN_FAILURES_MAX

    def failed(self) -> None:
        """Count a wrong token."""
        self._failures.append(time.monotonic())


def _digest(value: bytes) -> bytes:
    # equal lengths, so that the comparison tells nothing of the token's own
    return hashlib.sha256(value).digest()


def _name(host: str) -> str:
    """The name in a Host header, without its port and brackets."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def same_origin(request: web.Request) -> bool:
    """Whether a form was posted from our own pages: browsers say where from."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """Puts the protecting headers on every response."""
    response.headers.update(HEADERS)
