"""Console: tables, colour on a terminal only, live summary, and errors that say what to do."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.live import Live
from rich.progress import track
from rich.table import Table

from agents.demo import Feeder, open_alerts, partitions
from agents.score import Score
from models.policy import PolicyError
from streams.app import App
from streams.mapping import MappingError

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)
T = TypeVar("T")
QUIET_SECONDS = 5.0  # between two lines of progress where there is no terminal
_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}


def fail(message: str, code: int = 2) -> NoReturn:
    """End with a message that says what is wrong and what to do."""
    err.print(f"tieout: {message}", style="red" if err.is_terminal else None, markup=False)
    raise typer.Exit(code)


@contextmanager
def told() -> Iterator[None]:
    """Turn the errors of files that people write into messages."""
    try:
        yield
    except (MappingError, PolicyError) as error:
        fail(f"{error}\nCorrect the file; `tieout check` validates it.")
    except (OSError, ValueError) as error:
        fail(str(error))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table."""
    made = Table(*columns, title=title, title_justify="left")
    for row in rows:
        made.add_row(*("" if cell is None else str(cell) for cell in row))
    out.print(made)


def progress(items: Sequence[T], doing: str) -> Iterable[T]:
    """The items, with a bar on standard error where that is a terminal and standard output is not the same one."""
    shown = err.is_terminal and not sys.stdout.isatty()
    return track(items, doing, console=err, disable=not shown, transient=True)


def as_json(value: Any) -> None:
    """Print one JSON value on one line, for programs."""
    sys.stdout.write(json.dumps(value, default=str, ensure_ascii=False) + "\n")


def styled(severity: str) -> str:
    """A severity in its colour; the word itself says it where there is none."""
    return f"[{_STYLES.get(severity, '')}]{severity}[/]" if severity in _STYLES else severity


def overview(app: App, feeder: Feeder, address: str) -> Table:
    """The demo's live summary."""
    rows = open_alerts(app)
    contracts = [c for records in partitions(app) for c in records.contracts()]
    by_severity = Counter(row.severity for row in rows)
    made = Table(title=f"tieout demo · {feeder.now():%Y-%m-%d} (simulated) · {address}", title_justify="left")
    made.add_column("what")
    made.add_column("figure", justify="right")
    made.add_row("native events", f"{feeder.sent:,} of {len(feeder.history.events):,}")
    made.add_row("contracts", f"{len(contracts):,}")
    made.add_row("open alerts", f"{len(rows):,}")
    for severity in _STYLES:
        if by_severity[severity]:
            made.add_row(f"  {styled(severity)}", str(by_severity[severity]))
    for row in sorted(rows, key=lambda r: r.opened_at, reverse=True)[:6]:
        made.add_row(f"{styled(row.severity)} {row.rule}", row.message)
    return made


async def live(app: App, feeder: Feeder, address: str, quiet: bool) -> None:
    """Show the summary while the demo runs: on a terminal in place, else a line now and then (none when quiet)."""
    if not out.is_terminal or quiet:
        begun = time.monotonic()
        while not quiet:
            await asyncio.sleep(QUIET_SECONDS)
            alerts = len(open_alerts(app))
            err.print(
                f"{time.monotonic() - begun:4.0f} s  {feeder.now():%Y-%m-%d}  {feeder.sent:,} of {len(feeder.history.events):,} events"
                f"  {alerts} open alerts"
            )
        return
    with Live(console=out, refresh_per_second=4) as shown:
        while True:
            shown.update(overview(app, feeder, address))
            await asyncio.sleep(0.5)


def verdict(score: Score) -> None:
    """The demo's last table: what was injected, found, missed, and false."""
    missed = Counter(label.rule for label in score.missed)
    false = Counter(str(alert["rule"]) for alert in score.false)
    rules = sorted({*score.injected, *missed, *false})
    rows: list[Sequence[object]] = [(r, score.injected[r], score.found[r], missed[r], false[r]) for r in rules]
    rows.append(("all", *score.summary().values()))
    table("Divergences", ("rule", "injected", "found", "missed", "false"), rows)
