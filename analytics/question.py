"""What a question about lines is: one file in `analytics/questions/`, found there.

Its address, its page in `/api/docs`, and the checks that every question passes are made of it.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.serializers import Serializer

from analytics.documentation import ASKED
from analytics.parameters import Given, LogFilter, UnorderedFilter
from logplatform.kernel.plugins import find_plugins
from storage.logs import LogSet

Method = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that is answered with one look at the lines of its caller.

    Attributes:
        path: its address below `/api/v1/`.
        ask: the lines that the shared parameters describe, and its own parameters → the answer
            as JSON has it; its docstring is what people read in `/api/docs`.
        answer: the shape of the answer, with an `example`.
        parameters: those it has beside the shared ones.
        filterset: reads the shared parameters.
    """

    path: str
    summary: str
    ask: Callable[[LogSet, Given], dict[str, Any]]
    answer: type[Serializer[Any]]
    example: dict[str, Any]
    parameters: tuple[OpenApiParameter, ...] = ()
    filterset: type[LogFilter] = UnorderedFilter

    @property
    def name(self) -> str:
        """The name of its route."""
        return self.path.replace("/", "-")

    def documented(self, method: Method) -> Method:
        """The method of a view, as `/api/docs` shows it."""
        decorate = extend_schema(
            operation_id=self.name.replace("-", "_"),
            summary=self.summary,
            description=inspect.getdoc(self.ask),
            parameters=[*ASKED, *self.parameters],
            responses=self.answer,
            examples=[OpenApiExample("an answer", value=self.example, response_only=True)],
        )
        documented: Method = decorate(method)
        return documented


@cache
def questions() -> dict[str, Question]:
    """Every question by the name of its file."""
    return find_plugins("analytics.questions", "QUESTION", Question)
