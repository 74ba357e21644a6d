"""Transitions: which status may follow which, per kind of document, by the source's own versions."""

from __future__ import annotations

from models.documents import Status as S
from models.references import Kind

_DEAL = {S.PROPOSED: {S.WON, S.LOST}, S.WON: {S.LOST, S.PROPOSED}, S.LOST: {S.PROPOSED, S.WON}}
_QUOTE = {S.PROPOSED: {S.ACCEPTED, S.CLOSED}, S.CLOSED: {S.PROPOSED, S.ACCEPTED}, S.ACCEPTED: {S.CLOSED}}
_CONTRACT = {S.PROPOSED: {S.ACTIVE, S.ENDED}, S.ACTIVE: {S.ENDED}}
_ORDER = {
    S.PROPOSED: {S.ORDERED, S.DONE, S.VOID, S.FAILED, S.ENDED},
    S.ORDERED: {S.DONE, S.ENDED, S.VOID, S.PROPOSED},
    S.DONE: {S.ENDED, S.VOID},
    S.FAILED: {S.PROPOSED, S.DONE},
}
_SUBSCRIPTION = {
    S.PROPOSED: {S.SIGNED, S.ACTIVE, S.CANCELLED, S.ENDED},
    S.SIGNED: {S.ACTIVE, S.CANCELLED, S.ENDED},
    S.ACTIVE: {S.SUSPENDED, S.CANCELLED, S.ENDED},
    S.SUSPENDED: {S.ACTIVE, S.CANCELLED, S.ENDED},
    S.CANCELLED: {S.ENDED, S.ACTIVE},  # reinstated: the rule about un-cancelled contracts looks at that
}
# Billing may un-post a memo, and a paid invoice opens again when its payment fails: documented reverse edges.
_INVOICE = {S.DRAFT: {S.POSTED, S.PAID, S.VOID}, S.POSTED: {S.PAID, S.VOID, S.DRAFT}, S.PAID: {S.POSTED, S.VOID}}
_PAYMENT = {
    S.PENDING: {S.CAPTURED, S.SETTLED, S.FAILED, S.VOID},
    S.CAPTURED: {S.SETTLED, S.FAILED, S.VOID},
    S.SETTLED: {S.FAILED, S.VOID},
    S.FAILED: {S.PENDING, S.CAPTURED},
}
_TABLES: dict[Kind, dict[S, set[S]]] = {
    Kind.OPPORTUNITY: _DEAL,
    Kind.QUOTE: _QUOTE,
    Kind.CONTRACT: _CONTRACT,
    **dict.fromkeys((Kind.ORDER, Kind.BILLING_ORDER, Kind.ERP_ORDER), _ORDER),
    Kind.SUBSCRIPTION: _SUBSCRIPTION,
    **dict.fromkeys((Kind.INVOICE, Kind.CREDIT, Kind.ERP_INVOICE, Kind.ERP_CREDIT), _INVOICE),
    **dict.fromkeys((Kind.PAYMENT, Kind.REFUND, Kind.ERP_PAYMENT, Kind.ERP_REFUND), _PAYMENT),
}


def legal(kind: Kind, before: S, after: S) -> bool:
    """Whether a document of this kind may move from one status to the other; unknown ones are another rule's matter."""
    if before is after or S.UNKNOWN in (before, after) or kind not in _TABLES:
        return True
    return after in _TABLES[kind].get(before, set())
