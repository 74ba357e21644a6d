"""Checking: settings, policy, mapping and broker, each with what is wrong in words."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from pydantic import ValidationError

from models.policy import PolicyError, default, parse
from models.rules import rules
from streams.mapping import MappingError, Mappings, load
from streams.settings import Settings
from streams.sources import translators
from streams.transports.embedded.log import Log

REACH_SECONDS = 3.0
Row = tuple[str, bool, str]


def checks() -> list[Row]:
    """(what, whether it is right, what it says) of everything the service needs to start."""
    try:
        settings = Settings()
    except ValidationError as error:
        return [("settings", False, "; ".join(f"TIEOUT_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()))]
    return [
        ("settings", True, f"broker {settings.broker}, {settings.partitions} partitions, data in {settings.data_dir}"),
        _policy(settings),
        _mapping(settings),
        _broker(settings),
        _web(settings),
    ]


def _policy(settings: Settings) -> Row:
    try:
        policy = parse(settings.policy.read_text("utf-8"), str(settings.policy)) if settings.policy else default()
    except (PolicyError, OSError) as error:
        return "policy", False, str(error)
    unknown = sorted(policy.off - set(rules()))
    if unknown:
        return "policy", False, f"off: there is no rule {', '.join(unknown)}"
    return "policy", True, f"{settings.policy or 'the one that ships'}, revision {policy.revision}"


def _mapping(settings: Settings) -> Row:
    files = settings.mapping_files()
    if not files:
        return "mapping", False, "none: set TIEOUT_MAPPING to a file or a folder; without one every record is a dead letter"
    try:
        mappings = Mappings([load(path) for path in files])
    except MappingError as error:
        return "mapping", False, str(error)
    without = sorted({s for m in mappings.mappings for s in m.organisations if s not in translators()})
    note = f"; no translator yet for {', '.join(without)}" if without else ""
    return "mapping", True, f"{', '.join(m.organisation for m in mappings.mappings)}{note}"


def _broker(settings: Settings) -> Row:
    if settings.embedded:
        try:
            Log(settings.log_dir, settings.partitions).close()
        except Exception as error:  # noqa: BLE001 - whatever the disk or SQLite says is what the operator must read
            return "broker", False, f"the embedded log in {settings.log_dir} cannot be opened: {error}"
        return "broker", True, f"embedded log in {settings.log_dir}"
    at = urlsplit(settings.broker.split(",")[0])
    try:
        with socket.create_connection((at.hostname or "localhost", at.port or 9092), REACH_SECONDS):
            return "broker", True, f"{settings.broker} answers"
    except OSError as error:
        return "broker", False, f"{settings.broker} does not answer: {error}"


def _web(settings: Settings) -> Row:
    loopback = settings.web_host in ("127.0.0.1", "localhost", "::1")
    if not loopback and settings.api_token is None:
        return "web", False, f"bound to {settings.web_host} without TIEOUT_API_TOKEN; set one, or bind to 127.0.0.1"
    return "web", True, f"http://{settings.web_host}:{settings.web_port}/" + ("" if loopback else ", with a token")
