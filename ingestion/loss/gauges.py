"""What Prometheus sees of a queue that lost its data."""

import logging
from collections.abc import Iterator

from django.db import DatabaseError
from prometheus_client.core import GaugeMetricFamily, Metric

from ingestion.loss.models import QueueMark

logger = logging.getLogger(__name__)


def loss_gauges() -> Iterator[Metric]:
    """How often and how much; nothing while the control plane is away."""
    try:
        mark = QueueMark.objects.first() or QueueMark()
    except DatabaseError:
        logger.warning("No losses for metrics: the database is away")
        return
    yield GaugeMetricFamily(
        "logplatform_queue_losses",
        "How often the queue came back without its data, until somebody accepts it.",
        value=mark.losses,
    )
    yield GaugeMetricFamily(
        "logplatform_queue_lost_requests",
        "Requests that waited when the queue was last looked at before it lost its data.",
        value=mark.lost_entries,
    )
