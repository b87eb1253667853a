"""What the questions about requests in access logs share."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from analytics.parameters import Given, until_now
from analytics.question import Question
from storage import facade as storage
from storage.logs import LogSet

DEFAULT_ROWS = 20
ROWS = (OpenApiParameter("limit", int, description="Rows: 1 to 1000, default 20."),)
INTERVAL = (OpenApiParameter("interval", str, description="`auto` (default) or seconds."),)


class ErrorsSerializer(serializers.Serializer[Any]):
    """How many requests, and how many of them failed."""

    count = serializers.IntegerField()
    client_errors = serializers.IntegerField(help_text="Status 400 to 499.")
    server_errors = serializers.IntegerField(help_text="Status 500 to 599.")
    error_rate = serializers.FloatField(
        allow_null=True, help_text="Share of server errors among requests with a status, 0 to 1."
    )


class SharedSerializer(ErrorsSerializer):
    """The same, of a part of all requests."""

    share = serializers.FloatField(help_text="Of all requests, 0 to 1.")


OF_A_PART: tuple[storage.Figure, ...] = (
    *("count", "share", "client_errors", "server_errors", "error_rate"),
)


def rows_by(logs: LogSet, given: Given, part: storage.Part) -> dict[str, Any]:
    """A row for each value of one part of a request, those with most requests first."""
    limit = given.number("limit", DEFAULT_ROWS)
    found = until_now(logs).requests(by=(part,), figures=OF_A_PART, needs=part, limit=limit)
    return as_rows(found)


def ranking(
    part: storage.Part, *, path: str, noun: str, summary: str, says: str, example: str
) -> Question:
    """The question which values of one part of a request have most requests.

    Args:
        part: names the part, and its field in each row.
        path, summary: as of every question; `says` is its description.
        noun: what one value is called in the schema.
        example: a value.
    """
    row = type(
        f"{noun}Serializer",
        (SharedSerializer,),
        {"__doc__": f"One {noun.lower()}.", part: serializers.CharField()},
    )
    answer = type(
        f"{noun}ListSerializer",
        (serializers.Serializer,),
        {
            "__doc__": "Those with most requests first.",
            "rows": row(many=True),
            "is_truncated": serializers.BooleanField(help_text="There are more."),
            "took_ms": serializers.IntegerField(),
        },
    )

    def ask(logs: LogSet, given: Given) -> dict[str, Any]:
        return rows_by(logs, given, part)

    ask.__doc__ = says
    shown = {"count": 1200, "share": 0.41, "client_errors": 31, "server_errors": 2}
    return Question(
        path=path,
        summary=summary,
        ask=ask,
        parameters=ROWS,
        answer=answer,
        example={
            "rows": [{part: example, **shown, "error_rate": 0.001667}],
            "is_truncated": False,
            "took_ms": 35,
        },
    )


def as_rows(found: storage.Aggregate) -> dict[str, Any]:
    """Groups as flat rows."""
    return {
        "rows": [{**group.key, **group.values} for group in found.groups],
        "is_truncated": found.is_truncated,
        "took_ms": found.took_ms,
    }


def over_time(
    logs: LogSet, given: Given, figures: tuple[storage.Figure, ...], needs: storage.Part
) -> dict[str, Any]:
    """A row for each bucket of the range, and one for all of it."""
    found = until_now(logs).requests(
        figures=figures, needs=needs, interval=given.interval(), limit=1
    )
    if found.interval_s is None:
        raise AssertionError("BUG: a range that ends now has buckets")
    (total,) = found.groups
    return {
        "interval_s": found.interval_s,
        "total": total.values,
        "rows": [{"start": point.start, **point.values} for point in total.points or ()],
        "took_ms": found.took_ms,
    }
