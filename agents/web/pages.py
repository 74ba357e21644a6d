"""Pages: views rendered by templates, autoescaped; no script, nothing from elsewhere."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
import msgspec
from aiohttp import web

from agents.web import wording

HERE = Path(__file__).parent


def _query(wanted: msgspec.Struct, **changes: Any) -> str:
    """The filter as a query again, with changes; what is default is left out."""
    given = msgspec.structs.asdict(msgspec.structs.replace(wanted, **changes))
    usual = msgspec.structs.asdict(type(wanted)())
    kept = {k: "true" if v is True else v for k, v in given.items() if v != usual[k]}
    return f"?{urlencode(kept)}" if kept else "?"


def _age(since: datetime, now: datetime) -> str:
    return wording.duration(now - since)


def _segment(name: str) -> str:
    return quote(name, safe="")


def environment() -> jinja2.Environment:
    """The templates, with the words that numbers and times are written in."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        money=wording.money,
        amount=wording.amount,
        instant=wording.instant,
        age=_age,
        segment=_segment,
        words=wording.code,
        short=wording.short_hash,
        plural=wording.plural,
    )
    made.globals.update(query=_query)
    return made


class Pages:
    """Renders pages."""

    def __init__(self, signed_in: bool) -> None:
        self._environment = environment()
        self._signed_in = signed_in  # whether there is a session to leave

    def page(self, template: str, status: int = 200, **data: Any) -> web.Response:
        """A response with a page."""
        text = self._environment.get_template(template).render({"signed_in": self._signed_in, **data})
        return web.Response(text=text, content_type="text/html", status=status)

    def error(self, status: int, title: str, message: str) -> web.Response:
        """A page that says what is wrong."""
        return self.page("error.html", status, title=title, message=message)
