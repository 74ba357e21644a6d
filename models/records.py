"""Records: what the fold may read and write; the tables keep it, a replay holds it in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from models.references import Ref
from models.state import Head, Heard, Month, Node, Page


class Records(Protocol):
    """The state of one partition. What is read may be changed in place and counts once it is kept."""

    def node(self, ref: Ref) -> Node | None:
        """Where the statements of a reference go."""

    def keep_node(self, node: Node) -> None:
        """Remember a node."""

    def head(self, ref: Ref) -> Head | None:
        """The head of a contract."""

    def keep_head(self, head: Head) -> None:
        """Remember a contract's head."""

    def drop_head(self, ref: Ref) -> None:
        """Forget a contract: its head, and with it its names in the index."""

    def page(self, head: Ref, name: str) -> Page | None:
        """A page of a contract."""

    def keep_page(self, head: Ref, page: Page) -> None:
        """Remember a page."""

    def drop_page(self, head: Ref, name: str) -> None:
        """Forget a page."""

    def pages(self, head: Ref) -> Iterator[str]:
        """The names of a contract's pages, in order."""

    def month(self, head: Ref, month: str) -> Month | None:
        """The lines of a contract that touch a month (YYYY-MM)."""

    def keep_month(self, head: Ref, month: str, lines: Month) -> None:
        """Remember a month; an empty one is forgotten."""

    def add_due(self, system: str, at: datetime, head: Ref, page: str) -> None:
        """Wake this page of this contract when `system` has been heard up to `at`."""

    def drop_due(self, system: str, at: datetime, head: Ref, page: str) -> None:
        """Do not wake it."""

    def due(self, system: str, until: datetime) -> list[tuple[datetime, Ref, str]]:
        """What awaits `system` and is due at or before `until`, in order."""

    def awaited(self) -> list[str]:
        """The systems that something is due for, or was."""

    def heard(self) -> Heard:
        """How far each system has been heard."""

    def keep_heard(self, heard: Heard) -> None:
        """Remember how far each system has been heard."""
