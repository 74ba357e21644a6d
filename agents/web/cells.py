"""Cells: what several systems say side by side, and which of them differ."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from decimal import Decimal

import msgspec


class Cell(msgspec.Struct, frozen=True):
    """What one system says. `differs` is told by text and colour; `compared` is false where the value is shown only."""

    text: str
    differs: bool = False
    compared: bool = True
    note: str = ""


class Row(msgspec.Struct, frozen=True):
    """One fact, with a cell for each column."""

    label: str
    cells: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        """Whether the systems contradict each other."""
        return any(cell.differs for cell in self.cells)


class Said(msgspec.Struct, frozen=True):
    """A value before it is compared: what is compared (None: nothing is said), and how it is written."""

    value: Hashable | None
    text: str
    compared: bool = True
    note: str = ""


Same = Callable[[Hashable, Hashable], bool]


def exactly(a: Hashable, b: Hashable) -> bool:
    """Equal values."""
    return a == b


def within(tolerance: Decimal) -> Same:
    """Numbers no further apart than a tolerance."""

    def same(a: Hashable, b: Hashable) -> bool:
        return isinstance(a, Decimal) and isinstance(b, Decimal) and abs(a - b) <= tolerance

    return same


def row(label: str, said: Sequence[Said], same: Same = exactly) -> Row:
    """A row with the differing cells marked: the odd one out where all others agree, else all that differ."""
    stated = [place for place, each in enumerate(said) if each.compared and each.value is not None]
    odd = _odd(said, stated, same)
    cells = tuple(Cell(s.text, place in odd, s.compared and s.value is not None, s.note) for place, s in enumerate(said))
    return Row(label, cells)


def _odd(said: Sequence[Said], stated: list[int], same: Same) -> set[int]:
    def agree(a: int, b: int) -> bool:
        return same(said[a].value, said[b].value)

    if all(agree(a, b) for a in stated for b in stated):
        return set()
    for one in stated:
        others = [p for p in stated if p != one]
        if len(others) > 1 and all(agree(a, b) for a in others for b in others):
            return {one}
    return set(stated)
