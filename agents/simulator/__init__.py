"""A company that sells, bills and books, told as native records, with labelled faults: an oracle that knows no rule's code."""

from agents.simulator.faults import Injected
from agents.simulator.history import Event, History, history, write

__all__ = ["Event", "History", "Injected", "history", "write"]
