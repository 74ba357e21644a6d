"""Metrics: what Prometheus reads of a worker; base units, no contract, customer or document as a label."""

from __future__ import annotations

import platform
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Gauge, Histogram, Info
from prometheus_client import Counter as Count
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from agents.web.reading import Reader
from models.money import ZERO
from models.outputs import Alert, Output, RevenueEvent
from models.summary import AlertRow

FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)


class Metrics:
    """One worker's metrics, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = here = CollectorRegistry()
        self._events = Count("tieout_events_total", "Native events by what became of them.", ["system", "outcome"], registry=here)
        self._processing = Histogram("tieout_event_processing_seconds", "Folding one log entry.", buckets=FAST, registry=here)
        self._end_to_end = Histogram(
            "tieout_end_to_end_seconds", "From receiving a record to its acknowledged outputs.", ["system"], buckets=SLOW, registry=here
        )
        self._last_event = Gauge("tieout_source_last_event_timestamp_seconds", "Newest record of a system.", ["system"], registry=here)
        self._lag = Gauge("tieout_consumer_lag_records", "Records not read yet.", ["topic", "partition"], registry=here)
        self._lagging: set[tuple[str, str]] = set()
        self._checkpoint = Histogram(
            "tieout_checkpoint_seconds", "Publishing, writing and committing one batch.", buckets=SLOW, registry=here
        )
        self._restore = Gauge("tieout_restore_seconds", "How long the last recovery of the table took.", registry=here)
        self._opened = Count("tieout_alerts_opened_total", "Alerts opened.", ["rule"], registry=here)
        self._closed = Count("tieout_alerts_closed_total", "Alerts closed.", ["rule"], registry=here)
        self._revenue = Count("tieout_revenue_events_total", "Revenue events published.", ["type"], registry=here)
        self._dead = Count("tieout_dead_letters_total", "Records that could not be understood.", ["system", "error"], registry=here)
        build = Info("tieout_build", "What is running.", registry=here)
        build.info({"version": version("tieout"), "python": platform.python_version()})

    def watch(self, reader: Reader) -> None:
        """Report open alerts and amounts at risk from the records, read whenever Prometheus asks."""
        self.registry.register(OpenAlerts(reader))

    def observe_event(self, system: str, outcome: str) -> None:
        """A native event was folded, skipped, repeated, or became a dead letter."""
        self._events.labels(system, outcome).inc()

    def observe_processing(self, seconds: float) -> None:
        """One log entry was folded."""
        self._processing.observe(seconds)

    def observe_end_to_end(self, system: str, seconds: float) -> None:
        """The outputs of a record were acknowledged, this long after it was received."""
        self._end_to_end.labels(system).observe(max(seconds, 0.0))

    def observe_source(self, system: str, at: datetime) -> None:
        """A record of a system was received at `at`."""
        self._last_event.labels(system).set(at.timestamp())

    def observe_lag(self, topic: str, partition: int, records: int) -> None:
        """This many records of a partition are not read yet."""
        self._lagging.add((topic, str(partition)))
        self._lag.labels(topic, str(partition)).set(records)

    def forget_lag(self, topic: str, partition: int) -> None:
        """The partition went to another worker: it reports the lag from now on."""
        if (topic, str(partition)) in self._lagging:
            self._lagging.remove((topic, str(partition)))
            self._lag.remove(topic, str(partition))

    def observe_checkpoint(self, seconds: float) -> None:
        """A batch was published, written and committed."""
        self._checkpoint.observe(seconds)

    def observe_restore(self, seconds: float) -> None:
        """The table was recovered."""
        self._restore.set(seconds)

    def observe_dead_letter(self, system: str, code: str) -> None:
        """A record was refused; of a code like `missing:record.id` the kind is kept, the field is not."""
        self._dead.labels(system, code.partition(":")[0]).inc()

    def count_output(self, output: Output) -> None:
        """An output was published."""
        if isinstance(output, Alert):
            if output.state == "opened":
                self._opened.labels(output.rule).inc()
            elif output.state == "closed":
                self._closed.labels(output.rule).inc()
        elif isinstance(output, RevenueEvent):
            self._revenue.labels(output.type).inc()


class OpenAlerts(Collector):
    """Open alerts and amounts at risk, counted from the index of the partitions at hand."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """The families without values: registering reads no records."""
        return families(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The families with the values of now."""
        return families(row for partition in self._reader.partitions() for row in partition.alerts())


def families(rows: Iterable[AlertRow]) -> Iterator[GaugeMetricFamily]:
    """tieout_alerts_open and tieout_amount_at_risk of these alerts; the float is the exposition's, not ours."""
    counts: Counter[tuple[str, str]] = Counter()
    sums: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        counts[row.rule, row.severity] += 1
        if row.amount:
            sums[row.amount.currency, row.rule] += row.amount.amount
    opened = GaugeMetricFamily("tieout_alerts_open", "Open alerts.", labels=["rule", "severity"])
    for labels, count in sorted(counts.items()):
        opened.add_metric(labels, count)
    risk = GaugeMetricFamily("tieout_amount_at_risk", "Amount at risk in major units, per currency.", labels=["currency", "rule"])
    for labels, amount in sorted(sums.items()):
        risk.add_metric(labels, float(amount))
    yield opened
    yield risk
