"""What all views that manage something share: people only, pages, history, strict input."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import django_filters
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response

from logplatform.control.access import CHANGED, DELETED, PeopleWithRights, note
from logplatform.control.shapes import StrictInput
from logplatform.parameters import check_names


class Pages(PageNumberPagination):
    """`?page=` and `?page_size=`."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


@contextmanager
def as_invalid_request() -> Iterator[None]:
    """Turn what the models refuse into a 400 that names the fields."""
    try:
        with transaction.atomic():
            yield
    except DjangoValidationError as error:
        raise ValidationError(serializers.as_serializer_error(error)) from error
    except IntegrityError as error:
        raise ValidationError("Something with these values is there already.") from error


class AppFilter(django_filters.FilterSet):
    """`?app=<slug>`."""

    app = django_filters.CharFilter(field_name="app__slug")


class ControlView(viewsets.GenericViewSet[Any]):
    """What all have in common: people only, pages, history, refusal of unknown fields.

    `verbs` says for actions which rights they need, where that is not what their method says;
    `unchecked` names columns that are never typed.
    """

    permission_classes = (PeopleWithRights,)
    pagination_class = Pages
    filterset_class: ClassVar[type[django_filters.FilterSet] | None] = None
    model: ClassVar[type[Model]]
    verbs: ClassVar[dict[str, tuple[str, ...]]] = {}
    unchecked: ClassVar[tuple[str, ...]] = ()
    lookup_value_regex = r"\d{1,18}"

    def right(self, verb: str) -> str:
        """The model right for a verb, e.g. `ingestion.add_source`."""
        return f"{self.model._meta.app_label}.{verb}_{self.model._meta.model_name}"

    def checked(self, request: Request, shape: type[StrictInput]) -> dict[str, Any]:
        """The request's body, checked."""
        given = shape(data=request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = given.validated_data
        return values

    def answer(self, thing: Any, status: int = 200) -> Response:
        """The thing as the view shows it."""
        return Response(self.get_serializer(thing).data, status=status)

    def list(self, request: Request) -> Response:
        """A page of what the person sees."""
        filters = getattr(self.filterset_class, "base_filters", {})
        check_names(request.query_params, [*filters, "page", "page_size"])
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, **_: str) -> Response:
        """One of them."""
        return self.answer(self.get_object())

    def change(self, request: Request, shape: type[StrictInput]) -> Response:
        """Set fields of the object, with a line in its history."""
        thing, values = self.get_object(), self.checked(request, shape)
        for name, value in values.items():
            setattr(thing, name, value)
        with as_invalid_request():
            thing.full_clean(exclude=self.unchecked)
            thing.save()
            note(request, thing, CHANGED, f"changed {', '.join(values)}.")
        return self.answer(thing)

    def remove(self, request: Request, thing: Any) -> Response:
        """Delete it, with a line in the history."""
        note(request, thing, DELETED, "deleted.")
        thing.delete()
        return Response(status=204)


_SUMMARIES = {
    "list": "List {plural} you may see",
    "retrieve": "Show {noun}",
    "create": "Add {noun}",
    "partial_update": "Change {noun}",
    "destroy": "Delete {noun}",
}


def described(noun: str, plural: str) -> Callable[[type[ControlView]], type[ControlView]]:
    """Summaries of a view's usual operations for the schema; the noun has its article."""

    def describe(view: type[ControlView]) -> type[ControlView]:
        words = {
            name: extend_schema(summary=text.format(noun=noun, plural=plural))
            for name, text in _SUMMARIES.items()
            if hasattr(view, name)
        }
        described_view: type[ControlView] = extend_schema_view(**words)(view)
        return described_view

    return describe
