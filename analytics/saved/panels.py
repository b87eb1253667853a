"""What a panel of a dashboard is; its question is checked as the query API would check it."""

import re
from collections.abc import Sequence
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from logplatform.control.shapes import StrictInput
from logplatform.kernel.errors import PlatformError
from storage import facade as storage

KINDS = ("time", "bar", "table", "number", "heat", "top")
COLUMNS = 12
MAX_PANELS = 40
# A panel of kinds of messages: their templates, counts, and when each came first.
TEMPLATES = ["pattern_id"]
_OF_TEMPLATES = {"count", "min:timestamp"}
_INTERVAL = re.compile(r"auto|none|[1-9]\d{0,6}")


class FieldName(serializers.RegexField):
    """The name of a field as a query writes it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(r"^(?:\\ |[^\s\x00-\x1f\x7f])+$", max_length=128, **options)
        self.error_messages["invalid"] = "Write it as in a query, a space with a \\ before it."


class QueryField(serializers.CharField):
    """A text in the query language. Raises: QueryError, QueryTooComplex."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, help_text="The query language.", **options)

    def to_internal_value(self, data: Any) -> str:
        """The text, which can be read."""
        text = super().to_internal_value(data)
        storage.parse_query(text)
        return text


class Panel(StrictInput):
    """One panel: a question, how it is shown, and its place on a grid of 12 columns."""

    id = serializers.RegexField(r"^[A-Za-z0-9_-]{1,40}$", required=False)
    title = serializers.CharField(max_length=100, allow_blank=True, default="")
    kind = serializers.ChoiceField(KINDS)
    q = QueryField(allow_blank=True, default="")
    group_by = serializers.ListField(child=serializers.CharField(), default=list)
    metrics = serializers.ListField(
        child=serializers.CharField(),
        min_length=1,
        default=lambda: ["count"],
        help_text="As of `/api/v1/analytics/aggregate`, such as `count` and `p95:duration_ms`.",
    )
    interval = serializers.RegexField(rf"^(?:{_INTERVAL.pattern})$", default="auto")
    order = serializers.CharField(
        allow_blank=True, default="", help_text="A metric; `-` in front: downwards."
    )
    limit = serializers.IntegerField(min_value=1, max_value=100, default=10)
    x = serializers.IntegerField(min_value=0, max_value=COLUMNS - 1, default=0)
    y = serializers.IntegerField(min_value=0, max_value=10_000, default=0)
    w = serializers.IntegerField(min_value=1, max_value=COLUMNS, default=6)
    h = serializers.IntegerField(min_value=1, max_value=40, default=6)

    def validate(self, attrs: Any) -> Any:
        """Within the grid, and a question that would be answered."""
        if attrs["x"] + attrs["w"] > COLUMNS:
            raise ValidationError({"w": [f"x and w together are {COLUMNS} at most."]})
        is_of_templates = attrs["group_by"] == TEMPLATES and set(attrs["metrics"]) <= _OF_TEMPLATES
        if not is_of_templates:
            asked = {name: attrs[name] for name in ("group_by", "metrics", "limit", "order")}
            storage.check_aggregate(**asked)
        elif attrs["order"].removeprefix("-") not in ("", *attrs["metrics"]):
            raise storage.InvalidMetric(metric=attrs["order"][:80])
        return attrs


class PanelsField(serializers.ListField):
    """Panels in the order they are read; an error of a query says in which panel it is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=Panel(), max_length=MAX_PANELS, **options)

    def run_child_validation(self, data: Any) -> list[Any]:
        """Each panel by itself, then their ids.

        Raises:
            QueryError, QueryTooComplex, InvalidField, InvalidMetric, TooManyFields: with `panel`,
                its place from 0, in the data.
        """
        checked = []
        for number, panel in enumerate(data):
            try:
                checked += super().run_child_validation([panel])
            except PlatformError as error:
                error.data["panel"] = number
                raise
            except ValidationError as error:
                raise ValidationError({str(number): _only(error.detail)}) from error
        return with_ids(checked)


def _only(detail: Any) -> Any:
    """What is wrong with the one panel of a list of one."""
    return next(iter(detail.values())) if isinstance(detail, dict) and len(detail) == 1 else detail


def with_ids(panels: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The panels, each with an id of its own. Raises: ValidationError, where two share one."""
    given = [panel["id"] for panel in panels if "id" in panel]
    if len(set(given)) != len(given):
        raise ValidationError("Each panel needs an id of its own.")
    free = (f"p{number}" for number in range(1, 2 * MAX_PANELS + 1) if f"p{number}" not in given)
    return [panel if "id" in panel else {"id": next(free), **panel} for panel in panels]
