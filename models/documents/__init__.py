"""What a system can show us: one frozen struct per kind of document, shared by all systems."""

from __future__ import annotations

from models.documents.billing import Application, Credit, Invoice, Payment, Refund, Subscription
from models.documents.line import Line
from models.documents.sale import Agreement, ContractLine, Customer, Opportunity, Order, Quote
from models.documents.schedule import Journal, Posting, RevenueElement, RevenuePlan, Row
from models.documents.status import DEAD, TERMINAL, UNBORN, Change, Charge, Status

Document = (
    Opportunity
    | Agreement
    | Quote
    | Order
    | ContractLine
    | Customer
    | Subscription
    | Invoice
    | Credit
    | Payment
    | Refund
    | RevenueElement
    | RevenuePlan
    | Journal
)

__all__ = [
    "DEAD",
    "TERMINAL",
    "UNBORN",
    "Agreement",
    "Application",
    "Change",
    "Charge",
    "ContractLine",
    "Credit",
    "Customer",
    "Document",
    "Invoice",
    "Journal",
    "Line",
    "Opportunity",
    "Order",
    "Payment",
    "Posting",
    "Quote",
    "Refund",
    "RevenueElement",
    "RevenuePlan",
    "Row",
    "Status",
    "Subscription",
]
