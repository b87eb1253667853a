"""What Prometheus sees of the ledger: lines that differ, and how far the check has come."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db import DatabaseError
from prometheus_client.core import GaugeMetricFamily, Metric

from ingestion.ledger.gaps import KINDS, gap_lines
from ingestion.ledger.models import LedgerCheck
from logplatform.kernel import clock

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerState:
    """Lines of open gaps by (app, source) and kind, and up to when the check has come."""

    gaps: Mapping[tuple[str, str], Mapping[str, int]]
    checked_until_s: float


def read_ledger() -> LedgerState | None:
    """The state now; None while the control plane is away."""
    try:
        checked = LedgerCheck.current(clock.now())
        return LedgerState(gaps=gap_lines(), checked_until_s=checked.until.timestamp())
    except DatabaseError:
        logger.warning("No ledger for metrics: the database is away")
        return None


def ledger_gauges(
    ledger: LedgerState, sources: Iterable[tuple[str, str]], *, with_names: bool
) -> Iterator[Metric]:
    """Gauges by kind, with names also by app and source.

    Args:
        sources: (app, source) of all that ever sent: a zero ends an alarm.
    """
    every = {*sources, *ledger.gaps}
    sums: dict[tuple[str, ...], int] = defaultdict(int)
    for kind in () if with_names else KINDS:
        sums[(kind,)] = 0
    for names in sorted(every):
        for kind in KINDS:
            sums[(*(names if with_names else ()), kind)] += ledger.gaps.get(names, {}).get(kind, 0)
    lines = GaugeMetricFamily(
        "logplatform_ledger_gap_lines",
        "Lines by which the store differs from the receipts, of gaps nobody has dealt with.",
        labels=[*(("app", "source") if with_names else ()), "kind"],
    )
    for key, total in sums.items():
        lines.add_metric(key, total)
    yield lines
    yield GaugeMetricFamily(
        "logplatform_ledger_checked_until_timestamp_seconds",
        "Arrivals before this time are compared with the store.",
        value=ledger.checked_until_s,
    )
