"""Case: what a rule is shown: one contract's documents on one page, its terms, the facts, the policy and the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Generic, TypeVar

from models import covers
from models.calendar import Span, day_in
from models.covers import posted_since
from models.desk import Desk
from models.documents import DEAD, UNBORN, Document, Quote, Status, Subscription
from models.findings import Culprit, Evidence
from models.held import here, portion
from models.money import Money, rounded
from models.organisation import Organisation
from models.policy import Policy
from models.references import Kind, Ref
from models.state import Cover, Head, Held, Page
from models.terms import Terms

Shape = TypeVar("Shape", bound=Document)


@dataclass(frozen=True)
class Seen(Generic[Shape]):
    """A document with what is known about how it came to be."""

    held: Held
    doc: Shape

    @property
    def ref(self) -> Ref:
        """Its reference."""
        return self.held.ref

    @property
    def number(self) -> str:
        """The number people know it by, else its native id."""
        return getattr(self.doc, "number", None) or self.held.ref.id

    @property
    def refs(self) -> set[Ref]:
        """Its reference and its other names."""
        return {self.held.ref, *self.held.names}

    @property
    def ids(self) -> set[str]:
        """The native ids it is known by."""
        return {ref.id for ref in self.refs}

    @property
    def alive(self) -> bool:
        """Whether it is in force: not void, failed or lost, and no draft."""
        return getattr(self.doc, "status", Status.UNKNOWN) not in DEAD | UNBORN

    def since(self, *statuses: Status) -> datetime:
        """The source's own time at which it was first seen in one of these statuses, else when we first heard of it."""
        return min((self.held.since[s] for s in statuses if s in self.held.since), default=self.held.first_at)

    @property
    def posted(self) -> datetime:
        """When it was first seen posted."""
        return posted_since(self.held) or self.held.first_at

    def evidence(self, value: object = "") -> Evidence:
        """This document as evidence, with the value that matters."""
        return Evidence(self.held.ref, self.held.system, self.held.version, str(value), self.held.origin)


class Case:
    """One contract seen from one page (the head's own page for rules about the whole contract)."""

    def __init__(self, desk: Desk, head: Head, page: Page, now: datetime) -> None:
        self._desk, self.head, self.page, self.now = desk, head, page, now
        self.policy: Policy = desk.facts.policy
        self.org: Organisation = desk.facts.organisation(head.ref.org)

    @property
    def today(self) -> date:
        """The day of `now` in the organisation's zone."""
        return day_in(self.now, self.org.zone)

    def system(self, role: str) -> str:
        """The system that plays a role, or the role's own name where none does."""
        return self.org.landscape.get(role, role)

    def docs(self, kind: Kind, shape: type[Shape]) -> list[Seen[Shape]]:
        """The existing documents of a kind on this page (its parts that belong here), in the order of references."""
        return self._seen(self.page, kind, shape)

    def deals(self, kind: Kind, shape: type[Shape]) -> list[Seen[Shape]]:
        """The existing commercial documents of a kind of the whole contract."""
        return self._seen(self.head.page, kind, shape)

    def _seen(self, page: Page, kind: Kind, shape: type[Shape]) -> list[Seen[Shape]]:
        found: list[Seen[Shape]] = []
        for held in page.held.values():
            if held.ref.kind is kind and here(held):
                doc = portion(held)
                if isinstance(doc, shape):
                    found.append(Seen(held, doc))
        return sorted(found, key=lambda seen: seen.ref.size)

    def find(self, ref: Ref, name: str = "") -> Held | None:
        """What is held of a document: a commercial one, or one on the page of this name."""
        page = self._desk.records.page(self.head.ref, name) if name else None
        return self.head.page.held.get(str(ref)) or (page.held.get(str(ref)) if page else None)

    @cached_property
    def subscriptions(self) -> list[Seen[Subscription]]:
        """The subscriptions of billing."""
        return self.deals(Kind.SUBSCRIPTION, Subscription)

    @cached_property
    def quotes(self) -> list[Seen[Quote]]:
        """The accepted primary quotes: what was sold."""
        return [q for q in self.deals(Kind.QUOTE, Quote) if q.doc.status is Status.ACCEPTED and q.doc.primary]

    @cached_property
    def terms(self) -> list[Terms]:
        """Sold and billed terms, one for each subscription that the sold quotes concern."""
        return Terms.of([q.doc for q in self.quotes], [s.doc for s in self.subscriptions if s.alive], self.policy)

    def subscription_of(self, terms: Terms) -> Seen[Subscription]:
        """The subscription that terms are about."""
        return next(s for s in self.subscriptions if s.doc is terms.subscription)

    def on(self, day: date, side: str) -> list[Cover]:
        """The lines of one side (billing, erp, revenue) that cover a day."""
        return covers.on(self._desk, self.head, day, side)

    def voided(self, day: date, side: str) -> list[Cover]:
        """The lines of one side that covered a day until their document was voided."""
        return covers.voided(self._desk, self.head, day, side)

    def within(self, span: Span, side: str) -> list[Cover]:
        """The lines of one side that touch a period."""
        return covers.within(self._desk, self.head, span, side)

    def made_from(self, source: Ref) -> list[Cover]:
        """The revenue elements made from a document."""
        return covers.made_from(self._desk, self.head, source)

    def money(self, amount: Decimal | None, currency: str | None) -> Money | None:
        """An amount at risk: absolute, or None where it or its currency is unknown."""
        return None if amount is None or not currency else Money(rounded(abs(amount), currency), currency)

    def suspect(self, values: dict[str, object], owner: str | None) -> Culprit | None:
        """Who is probably wrong: the one that differs from two that agree, else the one that does not own the field."""
        names = [name for name in values if values[name] is not None]
        for name in names:
            others = {str(values[n]) for n in names if n != name}
            if len(names) > 2 and len(others) == 1 and str(values[name]) not in others:
                return Culprit(name, "high", "the other systems agree with each other")
        wrong = [name for name in names if name != owner]
        if owner in names and len(wrong) == 1:
            return Culprit(wrong[0], "medium", f"{owner} owns this field")
        return Culprit(wrong[-1], "low", f"{owner} owns this field") if owner in names and wrong else None
