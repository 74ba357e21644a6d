"""What is remembered: nodes, and per contract a head and pages of documents, findings, alerts and milestones."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

from models.calendar import Span
from models.documents import Charge, Document, Status
from models.findings import Finding
from models.references import Ref
from models.statements import Origin, Unknown

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
Version = tuple[int, ...]


class Node(msgspec.Struct, omit_defaults=True):
    """Where the statements of one reference go: a parent, or nowhere, and then it is the head of a contract.

    `parents` are what the leaf's own document names (several where it is shared), in version `placed`; `parent` is
    what a hook said: the smaller reference of a commercial node, or the leaf that this is another name of.
    """

    ref: Ref
    parent: Ref | None = None
    alias: bool = False
    parents: tuple[Ref, ...] = ()
    placed: Version = ()
    shortcut: tuple[Ref, Ref] | None = None  # (head, family)
    asked: tuple[tuple[Ref, Ref | None, Ref], ...] = ()  # claims that wait for an answer: (document, family, claim)


class Held(msgspec.Struct, omit_defaults=True):
    """One document as its system last told it, whatever the order in which it told it.

    `base` is the version of the newest complete statement, `fields` those of newer partial ones. `since` holds, per
    status, the earliest source time at which the document was seen in it; `trail` the last statuses by version.
    """

    ref: Ref
    system: str
    document: Document | None = None
    base: Version = ()
    fields: dict[str, Version] = {}
    life: Version = ()
    deleted: bool = False
    shares: dict[str, Version] = {}
    withdrawn: dict[str, Version] = {}
    all_shares: int = 1
    since: dict[str, datetime] = {}
    trail: tuple[tuple[Version, str], ...] = ()
    names: tuple[Ref, ...] = ()
    claims: tuple[Ref, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    conflict: bool = False
    first_at: datetime = BEGINNING
    at: datetime = BEGINNING
    seen_at: datetime | None = None
    origin: Origin | None = None
    statement: str = ""
    thin: dict[str, datetime] = {}  # notifications that wait for their read: event id to its time
    read_at: datetime | None = None

    @property
    def version(self) -> Version:
        """The newest version folded."""
        return max([self.base, *self.fields.values()], default=())


class Cover(msgspec.Struct, frozen=True, array_like=True):
    """One line of an invoice, credit or revenue element on the month pages it touches: who covers which days."""

    side: str  # "billing", "erp" or "revenue"
    document: Ref
    line: str
    product: str
    charge: Charge
    span: Span
    net: Decimal
    quantity: Decimal | None
    unit_price: Decimal | None
    currency: str | None
    entity: str | None
    subscription: str | None
    family: str
    status: Status
    number: str
    source: Ref | None = None
    complete: bool = True
    since: datetime | None = None  # posted, or void


class Standing(msgspec.Struct, omit_defaults=True):
    """A finding that holds now: since when we know, and when it may alert."""

    finding: Finding
    first_seen: datetime
    due: datetime
    ripe: bool = False


class Lapse(msgspec.Struct, omit_defaults=True):
    """A finding that was healed by a record of after its deadline, before that deadline had been heard."""

    standing: Standing
    healed_at: datetime


class AlertState(msgspec.Struct, omit_defaults=True):
    """The life of one alert: how often it opened, how many transitions it had, and what it says."""

    opening: int = 0
    transition: int = 0
    open: bool = False
    opened_at: datetime = BEGINNING
    changed_at: datetime = BEGINNING
    severity: str = ""
    finding: Finding | None = None
    effects: tuple[str, ...] = ()


class Reached(msgspec.Struct, frozen=True, array_like=True):
    """A milestone that was reached: its subject, the statement that reached it, and the record time."""

    code: str
    subject: Ref
    number: str
    at: datetime
    statement: str


class Published(msgspec.Struct, omit_defaults=True):
    """What was last said on the revenue topic about an obligation."""

    version: int = 0
    digest: str = ""
    rows: tuple[tuple[str, Decimal], ...] = ()
    held: bool = False
    holds: int = 0


class Conflict(msgspec.Struct, frozen=True, array_like=True):
    """A document of this contract (on its page `page`) claims `claim`, which belongs to the contract `head`."""

    document: Ref
    claim: Ref
    head: Ref
    since: datetime
    page: str = ""


class Page(msgspec.Struct, omit_defaults=True):
    """The documents of one family (an invoice with its ERP copy, payments and credits), or of the head (`name` empty)."""

    name: str = ""
    held: dict[str, Held] = {}
    findings: dict[str, list[Standing]] = {}
    lapses: dict[str, Lapse] = {}
    alerts: dict[str, AlertState] = {}
    milestones: dict[str, Reached] = {}
    published: dict[str, Published] = {}
    covers: list[Cover] = []
    conflicts: dict[str, Conflict] = {}  # on the head's page only


class Ripe(msgspec.Struct, frozen=True, array_like=True):
    """What precedence needs to know of a finding whose time has come."""

    key: str
    rule: str
    page: str
    subjects: tuple[str, ...]


class Head(msgspec.Struct, omit_defaults=True):
    """The small, always loaded part of a contract: its commercial documents, open items, and where the rest is."""

    ref: Ref
    page: Page
    now: datetime = BEGINNING
    ripe: dict[str, Ripe] = {}
    open: dict[str, str] = {}  # open alerts by finding key, with the page that holds each
    unsettled: dict[str, int] = {}  # pages with standing findings, and how many
    ordered: dict[str, Cover] = {}  # revenue elements made from an order for what is delivered once, by their reference
    billed_until: dict[str, date] = {}  # per charge: everything due before this day is covered
    moved: dict[str, Ref] = {}  # families that were taken away, and where to
    pages: int = 0
    name: str = ""
    dues: dict[str, list[tuple[str, datetime]]] = {}  # per page: what the due index holds


class Month(msgspec.Struct, omit_defaults=True):
    """The lines that touch one calendar month."""

    covers: list[Cover] = []


class Heard(msgspec.Struct, omit_defaults=True):
    """How far each system has been heard, as the last tick said."""

    at: datetime = BEGINNING
    heard: dict[str, datetime] = {}
    round: int = 0
    beats: dict[str, datetime] = {}  # "organisation/system": when it last said anything
    silent: dict[str, AlertState] = {}
    gaps: dict[str, datetime] = {}  # "organisation/system" whose feed lost records, until it was re-read
