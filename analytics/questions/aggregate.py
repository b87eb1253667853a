"""Any figures of any groups, in total or over time."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers

from analytics.parameters import Given, until_now
from analytics.question import Question
from storage import facade as storage
from storage.logs import LogSet

DEFAULT_GROUPS = 20


class FiguresField(serializers.DictField):
    """Figures by the name of their metric; null where no line has a number."""

    child = serializers.FloatField(allow_null=True)


class PointSerializer(serializers.Serializer[Any]):
    """Figures from `start` on."""

    start = serializers.DateTimeField()
    values = FiguresField()


class GroupSerializer(serializers.Serializer[Any]):
    """Lines with the same values."""

    key = serializers.DictField(child=serializers.CharField())
    values = FiguresField()
    points = PointSerializer(many=True, allow_null=True, help_text="Every bucket, if over time.")


class AggregateSerializer(serializers.Serializer[Any]):
    """Groups in the order asked for."""

    interval_s = serializers.IntegerField(allow_null=True)
    metrics = serializers.ListField(child=serializers.CharField())
    groups = GroupSerializer(many=True)
    is_truncated = serializers.BooleanField(help_text="There are more groups.")
    chosen_by = serializers.CharField(
        allow_null=True,
        help_text="null: all groups were compared. Else what those were chosen by; see above.",
    )
    took_ms = serializers.IntegerField()


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Groups lines by any fields and computes figures of each group.

    Metrics: `count`, `unique:f`, `sum:f`, `avg:f`, `min:f`, `max:f`, and percentiles from `p1:f` to
    `p99.9:f`, of any field. Text that is no number does not count; `unique` and percentiles are
    close, not exact. Without `group_by` there is one group with an empty key.

    Of hundreds of thousands of groups, as `trace_id` has, some are chosen first and then computed
    from all of their lines: `chosen_by` is `order` itself where that is a highest count, sum or
    maximum or a lowest minimum, else `-count`, which means the most frequent ones. A group with
    more than one in 20,000 lines is sure to be among them.
    """
    answer = until_now(logs).aggregate(
        group_by=given.names("group_by"),
        metrics=given.names("metrics") or ("count",),
        interval=_interval(given),
        limit=given.number("limit", DEFAULT_GROUPS),
        order=given.text("order") or "",
    )
    return asdict(answer)


def _interval(given: Given) -> storage.Interval:
    return None if given.text("interval") in (None, "", "none") else given.interval()


QUESTION = Question(
    path="analytics/aggregate",
    summary="Group lines and compute figures",
    ask=ask,
    parameters=(
        OpenApiParameter(
            "group_by",
            str,
            description="Up to 4 fields as a query writes them, with commas between them.",
            examples=[OpenApiExample("two fields", value="service,attributes.status")],
        ),
        OpenApiParameter(
            "metrics",
            str,
            description="Up to 10, with commas between them; default `count`.",
            examples=[
                OpenApiExample("three figures", value="count,p95:duration_ms,unique:user_id")
            ],
        ),
        OpenApiParameter(
            "interval", str, description="`none` (default), `auto`, or the seconds of a bucket."
        ),
        OpenApiParameter("limit", int, description="Groups: 1 to 1000, default 20."),
        OpenApiParameter(
            "order",
            str,
            description="One of the metrics, with `-` the highest first; default: the first "
            "metric, highest first.",
        ),
    ),
    answer=AggregateSerializer,
    example={
        "interval_s": None,
        "metrics": ["count", "p95:duration_ms"],
        "groups": [
            {
                "key": {"service": "api"},
                "values": {"count": 12, "p95:duration_ms": 31.2},
                "points": None,
            }
        ],
        "is_truncated": False,
        "chosen_by": None,
        "took_ms": 23,
    },
)
