"""Ref: the identity of one document in one organisation, and the one order over all references."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a reference names. The order of this list is the order of references: a parent comes before its child."""

    # commercial: they make a contract
    CONTRACT_NUMBER = "contract_number"
    CONTRACT = "contract"
    OPPORTUNITY = "opportunity"
    QUOTE = "quote"
    ORDER = "order"
    SUBSCRIPTION = "subscription"
    # leaves: they belong to one
    BILLING_ORDER = "billing_order"
    ERP_ORDER = "erp_order"
    REVENUE_CONTRACT = "revenue_contract"
    INVOICE = "invoice"
    CREDIT = "credit"
    DEAL_LINE = "deal_line"
    CONTRACT_LINE = "contract_line"
    ERP_INVOICE = "erp_invoice"
    ERP_CREDIT = "erp_credit"
    REVENUE_ELEMENT = "revenue_element"
    PAYMENT_INTENT = "payment_intent"
    PAYMENT = "payment"
    GATEWAY_PAYMENT = "gateway_payment"
    REFUND = "refund"
    GATEWAY_REFUND = "gateway_refund"
    ERP_PAYMENT = "erp_payment"
    ERP_REFUND = "erp_refund"
    JOURNAL = "journal"
    REVENUE_PLAN = "revenue_plan"
    TAX = "tax"
    ENTITLEMENT = "entitlement"
    ASSOCIATION = "association"
    USAGE = "usage"
    # masters: subjects of their own, they never join contracts
    CUSTOMER = "customer"
    PRODUCT = "product"
    PRICE = "price"
    ENTITY = "entity"
    SOURCE = "source"  # a system itself, for what concerns its feed


_RANK = {kind: number for number, kind in enumerate(Kind)}
_COMMERCIAL = frozenset(list(Kind)[: _RANK[Kind.BILLING_ORDER]])
_MASTERS = frozenset(list(Kind)[_RANK[Kind.CUSTOMER] :])


class Ref(msgspec.Struct, frozen=True, array_like=True):
    """(organisation, kind, native id): one document as one system knows it."""

    org: str
    kind: Kind
    id: str

    @property
    def size(self) -> tuple[int, str, str]:
        """The place in the fixed order of references; the head of a group is its least reference."""
        return _RANK[self.kind], self.id, self.org

    @property
    def commercial(self) -> bool:
        """Whether this kind of document makes a contract."""
        return self.kind in _COMMERCIAL

    @property
    def master(self) -> bool:
        """Whether this names master data, which never keys or joins a contract."""
        return self.kind in _MASTERS

    def __str__(self) -> str:
        return f"{self.org}/{self.kind}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """The reference written by str(); raises ValueError for anything else."""
        org, _, rest = text.partition("/")
        kind, _, native = rest.partition("/")
        if not (org and native):
            raise ValueError(f"{text!r} is not organisation/kind/id")
        return cls(org, Kind(kind), native)

    def key(self) -> bytes:
        """The key of this reference's statements on the log."""
        return str(self).encode()


def least(refs: list[Ref]) -> Ref:
    """The reference that stands first in the fixed order."""
    return min(refs, key=lambda ref: ref.size)
