"""What is held of a document does not depend on the order in which its system told it, nor on how often."""

from __future__ import annotations

import copy
import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import held as holding
from models.documents import Application, Document, Invoice, Line, Payment, Status
from models.money import ZERO
from models.references import Kind, Ref
from models.state import BEGINNING, Held
from models.statements import Life, Origin, Statement, Unknown

D = Decimal
INVOICE = Ref("o", Kind.INVOICE, "INV-1")
PARENTS = tuple(Ref("o", Kind.SUBSCRIPTION, f"S-{n}") for n in (1, 2, 3))
START = datetime(2025, 3, 1, tzinfo=UTC)
FIELDS = ("status", "balance", "gross", "number")
STATUSES = (Status.DRAFT, Status.POSTED, Status.PAID, Status.VOID)


def told(version: int, document: Document | None = None, **facts: object) -> Statement:
    """A statement of one version, made and received at a minute of its own."""
    given_ = {"at": START + timedelta(minutes=version), "seen_at": START + timedelta(minutes=version), "document": document} | facts
    origin = Origin("billing", 0, version, "")
    return Statement(f"e{version}", "billing", INVOICE, (version,), origin=origin, **given_)  # type: ignore[arg-type]


@st.composite
def statements(draw: st.DrawFn) -> list[Statement]:
    """What one system told about an invoice, each version once: whole, in part, deleted, restored, or only announced."""
    said = []
    for version in range(1, draw(st.integers(1, 7)) + 1):
        document = Invoice(draw(st.sampled_from(STATUSES)), f"N{version % 3}", balance=D(version), gross=D(10 * version))
        facts: dict[str, object] = {"names": (Ref("o", Kind.INVOICE, f"N{version % 3}"),), "at": START + timedelta(draw(st.integers(0, 9)))}
        match draw(st.sampled_from(["whole", "whole", "part", "part", "deleted", "restored", "thin"])):
            case "whole":
                read = draw(st.sampled_from([None, START + timedelta(minutes=version)]))
                said.append(told(version, document, parents=PARENTS[: draw(st.integers(1, 3))], read_at=read, **facts))
            case "part":
                fields = draw(st.sets(st.sampled_from(FIELDS), min_size=1))
                part = Invoice(**{name: getattr(document, name) for name in fields})
                said.append(told(version, part, fields=tuple(fields), **facts))
            case "restored":
                said.append(told(version, document, life=Life.RESTORED, parents=PARENTS[:2], **facts))
            case "deleted":
                said.append(told(version, life=Life.DELETED, at=facts["at"]))
            case _:
                said.append(told(version, thin=True, at=facts["at"]))
    return said


def fold(said: list[Statement], known: Held | None = None, share: Ref | None = None) -> Held:
    """What is held after these statements."""
    known = known or Held(INVOICE, "billing")
    for statement in said:
        holding.apply(known, statement, share)
    return known


def shown(known: Held) -> bytes:
    """All that is held, as bytes."""
    return msgspec.json.encode(known, order="deterministic")


@given(st.data(), statements())
def test_order_and_repetition_do_not_matter(data: st.DataObject, said: list[Statement]) -> None:
    """Every field: the document, its life, shares, names, times, the trail of statuses and what waits for a read."""
    again = data.draw(st.permutations(said + data.draw(st.lists(st.sampled_from(said), max_size=4))))

    assert shown(fold(again)) == shown(fold(said))


@given(statements())
def test_a_repeated_statement_changes_nothing(said: list[Statement]) -> None:
    known = fold(said)

    assert not any(holding.apply(known, statement, None) for statement in said)


@given(st.data(), statements())
def test_merging_is_folding_all(data: st.DataObject, said: list[Statement]) -> None:
    """Two contracts that each heard a part of it hold, once joined, what one that heard everything holds."""
    split = [data.draw(st.sampled_from("abx")) for _ in said]
    a = fold([s for s, side in zip(said, split, strict=True) if side in "ax"])
    b = fold([s for s, side in zip(said, split, strict=True) if side in "bx"])

    assert shown(holding.merge(copy.deepcopy(a), copy.deepcopy(b))) == shown(holding.merge(b, a)) == shown(fold(said))


@given(statements())
def test_a_document_lives_as_its_newest_word_says(said: list[Statement]) -> None:
    """A delete ends it until a newer whole version or an undelete; a newer part of it does not bring it back."""
    words = [(s.version, s.life is Life.DELETED) for s in said if s.life is not Life.LIVE or (s.document and s.fields is None)]

    assert fold(said).deleted is (max(words)[1] if words else False)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_an_older_event_does_not_revive(order: tuple[int, ...]) -> None:
    said = [told(1, Invoice(Status.POSTED)), told(3, life=Life.DELETED), told(2, Invoice(Status.PAID))]

    assert not holding.here(fold([said[i] for i in order]))


def test_an_undelete_revives() -> None:
    said = [told(1, Invoice(Status.POSTED)), told(2, life=Life.DELETED), told(3, Invoice(Status.POSTED), life=Life.RESTORED)]

    assert holding.here(fold(said)) and holding.here(fold(said[::-1]))


def test_a_delete_beats_a_change_of_the_same_version() -> None:
    said = [told(5, Invoice(Status.POSTED)), told(5, life=Life.DELETED)]

    assert fold(said).deleted and fold(said[::-1]).deleted


CONFLICTING = [
    Invoice(Status.POSTED, "N", gross=D(100)),
    Invoice(Status.PAID, "N", gross=D(90)),
    Invoice(Status.POSTED, "M", gross=D(80)),
    Invoice(Status.VOID, "N", gross=D(100)),
]


@pytest.mark.parametrize("contents", list(itertools.combinations(CONFLICTING, 3)))
def test_two_contents_of_one_version_have_one_winner(contents: tuple[Invoice, ...]) -> None:
    """In any order: the terminal status wins, else the content that sorts first; the conflict is noted."""
    ends = [fold([_named(one, n) for n, one in order]) for order in itertools.permutations(enumerate(contents))]

    assert len({shown(end) for end in ends}) == 1
    assert ends[0].conflict and ends[0].document in contents
    assert getattr(ends[0].document, "status", None) in (Status.PAID, Status.VOID)


def _named(document: Invoice, number: int) -> Statement:
    return msgspec.structs.replace(told(4, document), id=f"e4-{number}")


def test_a_merge_of_two_contents_notes_the_conflict() -> None:
    a, b = (fold([_named(one, n)]) for n, one in enumerate(CONFLICTING[:2]))
    both = fold([_named(one, n) for n, one in enumerate(CONFLICTING[:2])])

    assert shown(holding.merge(copy.deepcopy(a), copy.deepcopy(b))) == shown(holding.merge(b, a)) == shown(both)
    assert both.conflict


def test_a_newer_whole_version_settles_a_conflict() -> None:
    known = fold([_named(one, n) for n, one in enumerate(CONFLICTING)])

    assert known.conflict and not fold([told(5, CONFLICTING[0])], known).conflict


@given(statements())
def test_claims_and_unknown_values_are_those_of_the_newest(said: list[Statement]) -> None:
    """In the order of versions exactly those of the newest whole statement; a late one still brings its own along."""
    claim, odd = Ref("o", Kind.ERP_INVOICE, "77"), Unknown("Status", "Odd")
    said = [msgspec.structs.replace(s, claims=(claim,), unknown=(odd,)) if s.document and s.fields is None else s for s in said]
    whole = any(s.claims for s in said)

    for order in (said, said[::-1]):
        known = fold(order)
        assert (known.claims, known.unknown) == (((claim,), (odd,)) if whole else ((), ()))


def test_a_newer_whole_statement_drops_old_claims() -> None:
    old, new = Ref("o", Kind.ERP_INVOICE, "77"), Ref("o", Kind.ERP_INVOICE, "78")
    said = [told(1, Invoice(), claims=(old,), unknown=(Unknown("Status", "Odd"),)), told(2, Invoice(), claims=(new,))]

    for order in (said, said[::-1]):
        assert (fold(order).claims, fold(order).unknown) == ((new,), ())


def test_a_late_whole_statement_still_names_the_document() -> None:
    """A partial event overtook the first: the number known to people is not lost."""
    number = Ref("o", Kind.INVOICE, "INV00001")
    known = fold([told(2, Invoice(Status.PAID), fields=("status",)), told(1, Invoice(Status.POSTED, "INV00001"), names=(number,))])

    assert known.names == (number,)
    assert known.document == Invoice(Status.PAID, "INV00001")


def test_the_first_time_counts_whatever_came_first() -> None:
    """Also where the first word was only a notification, or a withdrawal that knows no time of the document."""
    said = [told(1, thin=True), told(2, Invoice())]

    assert fold(said).first_at == fold(said[::-1]).first_at == START + timedelta(minutes=1)
    withdrawn = Held(INVOICE, "", withdrawn={"": (1,)})
    known = holding.merge(fold([told(2, Invoice())]), withdrawn)
    assert (known.first_at, known.system) == (START + timedelta(minutes=2), "billing")
    assert fold([told(2, Invoice())], Held(INVOICE, "")).system == "billing"
    assert Held(INVOICE, "").first_at == BEGINNING


def test_a_read_answers_notifications_of_before_it() -> None:
    thin = [told(3, thin=True), told(9, thin=True)]
    read = told(4, Invoice(), read_at=START + timedelta(minutes=5))

    assert list(fold([*thin, read]).thin) == list(fold([read, *thin]).thin) == ["e9"]
    because = told(10, Invoice(), read_at=START + timedelta(minutes=8), because="e9")
    assert fold([*thin, because]).thin == {}


nets = st.lists(st.tuples(st.integers(-(10**6), 10**6), st.integers(0, 10**5), st.integers(0, 2)), min_size=1, max_size=8)


@given(nets)
def test_the_shares_of_an_invoice_sum_to_it(rows: list[tuple[int, int, int]]) -> None:
    """Billed over three subscriptions, each contract holds its own lines; together they are the invoice."""
    lines = tuple(Line(str(n), "P", net=D(net) / 100, tax=D(tax) / 100, subscription=PARENTS[p].id) for n, (net, tax, p) in enumerate(rows))
    net, tax = sum((x.net or ZERO for x in lines), ZERO), sum((x.tax or ZERO for x in lines), ZERO)
    whole = Invoice(Status.POSTED, net=net, tax=tax, gross=net + tax, lines=lines)
    parts = [holding.portion(fold([told(1, whole, parents=PARENTS)], share=parent)) for parent in PARENTS]

    for name, total in (("net", net), ("tax", tax), ("gross", net + tax)):
        assert sum((getattr(part, name) for part in parts), ZERO) == total
    assert sorted(x.id for part in parts for x in getattr(part, "lines", ())) == sorted(x.id for x in lines)


def test_the_shares_of_a_payment_sum_to_it() -> None:
    invoices = tuple(Ref("o", Kind.INVOICE, f"I-{n}") for n in (1, 2))
    whole = Payment(Status.SETTLED, amount=D(150), applications=(Application(invoices[0], D(100)), Application(invoices[1], D(50))))
    parts = [holding.portion(fold([told(1, whole, parents=invoices)], share=invoice)) for invoice in invoices]

    assert [getattr(part, "amount", None) for part in parts] == [D(100), D(50)]


def test_a_contract_with_all_shares_holds_the_whole() -> None:
    whole = Invoice(Status.POSTED, net=D(1), gross=D(1), lines=(Line("1", "P", net=D(1), subscription="elsewhere"),))
    known = Held(INVOICE, "billing")
    for parent in PARENTS[:2]:
        fold([told(1, whole, parents=PARENTS[:2])], known, parent)

    assert holding.portion(known) == whole


def test_a_withdrawn_share_is_no_longer_here() -> None:
    known = fold([told(1, Invoice(), parents=PARENTS[:1])], share=PARENTS[0])
    known.withdrawn[str(PARENTS[0])] = (2,)

    assert not holding.here(known)
    assert holding.here(fold([told(3, Invoice(), parents=PARENTS[:1])], known, PARENTS[0]))
