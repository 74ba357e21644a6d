"""How references join into contracts: nodes that point at smaller nodes, leaves that hang under one parent, claims.

Every function here folds one entry at the node it is keyed by. A commercial node points at the least reference it was
hooked to; a leaf points at what its own document names as parent; another name of a leaf points at the leaf. What has
no parent is the head of a contract, whatever the order in which all this became known.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import msgspec

from models import contract
from models.desk import Desk
from models.log import HOPS_MAX, Answer, Ask, Entry, HandOver, Hook, Say, Shortcut, Tick, Withdraw
from models.outputs import Merged, digest
from models.references import Ref
from models.state import Node, Page
from models.statements import Notice, Refused

ASKED_MAX = 100
replace = msgspec.structs.replace


class Astray(Refused):
    """An entry passed more nodes than any real chain of documents has.

    Operator action: look at the dead letter; two documents name each other as parent.
    """


def fold(desk: Desk, key: Ref, entry: Entry) -> None:
    """Fold one entry (of any kind but Tick and Notice) at the node of `key`."""
    node = desk.records.node(key) or Node(key)
    match entry:
        case Say():
            _say(desk, node, entry)
        case Hook():
            _hook(desk, node, entry)
        case Shortcut():
            if len(node.parents) == 1:
                node.shortcut = (entry.head, entry.family)
                desk.records.keep_node(node)
        case Ask():
            _ask(desk, node, entry)
        case Withdraw() | HandOver() | Answer():
            _climb(desk, node, entry)
        case Tick() | Notice():
            raise TypeError("ticks and notices concern a partition, not a node")


def _up(node: Node) -> list[Ref]:
    """The nodes above this one: several only for a leaf whose document is shared."""
    if node.parents:
        return list(node.parents)
    return [node.parent] if node.parent else []


def _family(node: Node, family: Ref | None) -> Ref | None:
    """The page an entry belongs on after it passed this node: the last leaf that is a document of its own."""
    return family if node.ref.commercial or node.ref.master or node.alias else node.ref


def _say(desk: Desk, node: Node, say: Say) -> None:
    if len(say.path) > HOPS_MAX:
        raise Astray("astray", f"{say.statement.ref} passed {len(say.path)} nodes")
    own = say.statement.ref == node.ref
    if own and not node.ref.commercial:
        _place(desk, node, say)
    path = (*say.path, node.ref)
    if node.shortcut and not say.path:
        head, family = node.shortcut
        desk.send(head, replace(say, family=family, path=path))
        return
    up = _up(node)
    if not up:
        contract.take(desk, node.ref, replace(say, family=_family(node, say.family)))
        _flush(desk, node)
        return
    shared = own and len(up) > 1
    for parent in up if shared else up[:1]:
        share = parent if shared else say.share
        desk.send(parent, replace(say, family=_family(node, say.family), share=share, path=path))


def _place(desk: Desk, node: Node, say: Say) -> None:
    """Let the leaf's own document say where it belongs; a newer version may move it."""
    statement = say.statement
    parents = tuple(p for p in dict.fromkeys(statement.parents) if p.size < node.ref.size)
    if not parents or statement.version < node.placed:
        return
    gone = [p for p in node.parents if p not in parents]
    moved = parents != node.parents
    node.parents, node.placed = parents, statement.version
    if moved:
        node.shortcut = None
    desk.records.keep_node(node)
    for parent in gone:
        desk.send(parent, Withdraw(statement.ref, node.ref, parent, statement.version, statement.at))
    if moved:
        _hand_over(desk, node)
        _flush(desk, node)


def _hook(desk: Desk, node: Node, hook: Hook) -> None:
    parent = hook.parent
    if parent in (node.ref, node.parent):
        return
    if hook.hops > HOPS_MAX:
        raise Astray("astray", f"a hook to {parent} passed {hook.hops} nodes")
    if not node.ref.commercial:
        if node.parent is None or parent.size < node.parent.size:
            node.parent, node.alias = parent, hook.alias
            _pointed(desk, node)
    elif parent.size > node.ref.size:
        desk.send(parent, replace(hook, parent=node.ref, hops=hook.hops + 1))
    elif node.parent is None:
        node.parent = parent
        _pointed(desk, node)
    else:
        low, high = sorted((node.parent, parent), key=lambda ref: ref.size)
        node.parent = low
        desk.records.keep_node(node)
        desk.send(high, replace(hook, parent=low, hops=hook.hops + 1))


def _pointed(desk: Desk, node: Node) -> None:
    desk.records.keep_node(node)
    if not node.parents:  # a document of its own decides before another's alias does
        _hand_over(desk, node)
    _flush(desk, node)


def _hand_over(desk: Desk, node: Node) -> None:
    """Give everything this node held as a head to the node above it."""
    head = desk.records.head(node.ref)
    if head is None:
        return
    names = list(desk.records.pages(node.ref))
    pages = [head.page, *(page for name in names if (page := desk.records.page(node.ref, name)))]
    for number, page in enumerate(pages):
        _pass(desk, node, HandOver(node.ref, page, head.now, head.now, first=number == 0, moved={} if number else head.moved))
    contract.dissolve(desk, head)
    if node.ref.commercial:
        to = str(_up(node)[0])
        desk.emit(Merged(id=digest("merged", node.ref, to), contract=to, origin=str(node.ref), at=head.now))


def _climb(desk: Desk, node: Node, entry: Withdraw | HandOver | Answer) -> None:
    """Pass an entry on to the node above, or let the contract fold it."""
    if entry.hops > HOPS_MAX:
        raise Astray("astray", f"{type(entry).__name__} passed {entry.hops} nodes")
    if _up(node):
        _pass(desk, node, entry)
        return
    match _located(node, entry):
        case Withdraw() as withdrawal:
            contract.withdraw(desk, node.ref, withdrawal)
        case HandOver() as page:
            contract.absorb(desk, node.ref, page)
        case Answer() as answer:
            contract.answered(desk, node.ref, answer)
    _flush(desk, node)


def _located(node: Node, entry: Withdraw | HandOver | Answer) -> Withdraw | HandOver | Answer:
    """The entry with the family that passing this node gives it."""
    if isinstance(entry, HandOver):
        family = _family(node, None)
        if family is None or not entry.page.name:
            return entry
        return replace(entry, page=replace(entry.page, name=str(family)))
    return replace(entry, family=_family(node, entry.family) or node.ref)


def _pass(desk: Desk, node: Node, entry: Withdraw | HandOver | Answer) -> None:
    onward = replace(_located(node, entry), hops=entry.hops + 1)
    up = _up(node)
    if isinstance(onward, HandOver) and len(up) > 1 and (held := onward.page.held.get(str(node.ref))):
        for other in up[1:]:
            part = replace(deepcopy(held), shares={str(other): held.version})  # two contracts share no dictionary
            desk.send(other, replace(onward, page=Page(onward.page.name, held={str(node.ref): part}), first=False))
        held.shares = {str(up[0]): held.version}
    desk.send(up[0], onward)


def _ask(desk: Desk, node: Node, ask: Ask) -> None:
    up = _up(node)
    if up and ask.hops <= HOPS_MAX:
        desk.send(up[0], replace(ask, hops=ask.hops + 1))
    elif desk.records.head(node.ref) is not None and not contract.only_heard_of(desk, node.ref):
        desk.send(ask.document, Answer(ask.document, ask.family, ask.claim, node.ref, ask.at))
    elif len(node.asked) < ASKED_MAX and (waiting := (ask.document, ask.family, ask.claim)) not in node.asked:
        node.asked = (*node.asked, waiting)
        desk.records.keep_node(node)


def _flush(desk: Desk, node: Node) -> None:
    """Ask again what waited here for this node to belong somewhere."""
    if not node.asked or not (_up(node) or desk.records.head(node.ref)):
        return
    asked, node.asked = node.asked, ()
    desk.records.keep_node(node)
    head = desk.records.head(node.ref)
    now = head.now if head else None
    for document, family, claim in asked:
        if now is not None or _up(node):
            desk.send(node.ref, Ask(document, family, claim, now or contract.BEGINNING))


def head_of(node_of: Callable[[Ref], Node | None], ref: Ref) -> Ref | None:
    """The head that a reference belongs to, as far as the nodes that `node_of` knows tell; None where they go astray."""
    for _ in range(HOPS_MAX):
        node = node_of(ref)
        if node is None or not _up(node):
            return ref
        ref = _up(node)[0]
    return None
