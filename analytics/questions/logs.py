"""Lines, a page at a time."""

from typing import Any

from analytics.documentation import PAGED, RECORD
from analytics.parameters import Given, LogFilter
from analytics.question import Question
from analytics.serializers import PageSerializer
from storage.logs import LogSet

DEFAULT_LIMIT = 100


def ask(logs: LogSet, given: Given) -> dict[str, Any]:
    """Newest first unless `order=asc`; `next` opens the page after."""
    limit = given.number("limit", DEFAULT_LIMIT)
    page = logs.page(limit=limit, cursor=given.text("cursor"))
    return {"results": page.records, "next": page.next, "took_ms": page.took_ms}


QUESTION = Question(
    path="logs",
    summary="Search lines",
    ask=ask,
    parameters=PAGED,
    filterset=LogFilter,
    answer=PageSerializer,
    example={"results": [RECORD], "next": None, "took_ms": 12},
)
