"""Nothing heard

A source that policy expects to speak has said nothing for longer than it may: while it is silent, nothing that it should
have said can be called missing, so rules that wait for it go on waiting. Closes when it speaks again.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.findings import Culprit, Finding, Severity
from models.references import Kind, Ref
from models.silence import Feed

CODE = "source_silent"
SEVERITY = Severity.CRITICAL
SCOPE = "source"
CONCERNS = frozenset[Kind]()


def check(feed: Feed) -> Iterator[Finding]:
    """The one finding of a source that was last heard of longer ago than its policy allows."""
    yield Finding(
        rule=CODE,
        anchor=Ref(feed.org, Kind.SOURCE, feed.system),
        subject=feed.system,
        message=f"{feed.system} has said nothing since {feed.last:%Y-%m-%d %H:%M} UTC",
        systems=(feed.system,),
        culprit=Culprit(feed.system, "medium", "its connector has stopped, or has nothing to read"),
        fix=f"check the connector of {feed.system}",
        subjects=(f"source:{feed.org}/{feed.system}",),
        values=(("last heard", feed.last.isoformat()),),
        tolerance=f"{feed.allowed}",
        due=feed.last + feed.allowed,
    )
