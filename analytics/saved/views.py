"""Saved searches, dashboards and the history of queries over HTTP; people only."""

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from analytics import documentation as docs
from analytics.models import Dashboard, QueryRun, SavedSearch
from analytics.saved import examples, history
from analytics.saved import serializers as shapes
from analytics.saved.defaults import overview
from logplatform.api_access import visible_apps
from logplatform.control.access import ADDED, PeopleWithRights, note, person
from logplatform.control.base import AppFilter, ControlView, as_invalid_request, described
from logplatform.control.shapes import StrictInput
from storage.access import apps_for


class OwnersAndManagers(PeopleWithRights):
    """Everyone keeps things; the owner changes them, and who has the model's right."""

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        """Whether the person may do this to a thing they see."""
        if request.method in SAFE_METHODS or obj.owner_id == request.user.pk:
            return True
        verb = "delete" if request.method == "DELETE" else "change"
        return bool(request.user.has_perm(view.right(verb)))


class KeptView(ControlView):
    """What people keep: their own, and what others share with the members of an app."""

    permission_classes = (OwnersAndManagers,)
    filterset_class = AppFilter
    verbs: ClassVar = {"create": (), "partial_update": (), "destroy": ()}
    shape_in: ClassVar[type[StrictInput]]
    shape_change: ClassVar[type[StrictInput]]

    def get_queryset(self) -> QuerySet[Any]:
        """The person's own and the shared ones, of apps the person sees."""
        apps = apps_for(self.request.user)
        is_own = Q(owner_id=self.request.user.pk) & (Q(app__in=apps) | Q(app=None))
        is_shared = Q(is_shared=True, app__in=apps)
        rows: QuerySet[Any] = self.model._default_manager.filter(is_own | is_shared)
        return rows.select_related("app", "owner").order_by("name", "pk")

    def add(self, request: Request) -> Response:
        """Keep one."""
        values = self.checked(request, self.shape_in)
        with as_invalid_request():
            thing = self.model(owner=person(request), **values)
            thing.full_clean()
            thing.save()
            note(request, thing, ADDED, "added.")
        return self.answer(thing, 201)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete it, for everybody it was shared with too."""
        return self.remove(request, self.get_object())


@described("a saved search", "saved searches")
class SearchView(KeptView):
    """Queries with their range and columns."""

    model = SavedSearch
    serializer_class = shapes.SearchOut
    queryset = SavedSearch.objects.none()
    shape_in = shapes.SearchIn
    shape_change = shapes.SearchChange

    @extend_schema(
        request=shapes.SearchIn, responses={201: shapes.SearchOut}, examples=[examples.SEARCH]
    )
    def create(self, request: Request) -> Response:
        """Keep a query; `is_shared` shows it to all members of its app."""
        return self.add(request)

    @extend_schema(request=shapes.SearchChange)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change it."""
        return self.change(request, self.shape_change)


@described("a dashboard", "dashboards")
class DashboardView(KeptView):
    """Panels of questions, arranged on a grid."""

    model = Dashboard
    serializer_class = shapes.DashboardOut
    queryset = Dashboard.objects.none()
    shape_in = shapes.DashboardIn
    shape_change = shapes.DashboardChange

    @extend_schema(
        request=shapes.DashboardIn,
        responses={201: shapes.DashboardOut},
        examples=[examples.DASHBOARD],
    )
    def create(self, request: Request) -> Response:
        """Keep a dashboard; a panel whose query cannot be read is refused with its place."""
        return self.add(request)

    @extend_schema(request=shapes.DashboardChange)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change it; `panels` replaces all of them."""
        return self.change(request, self.shape_change)

    @extend_schema(
        summary="Show the dashboards an app has from the start",
        parameters=[docs.APP],
        responses=shapes.DefaultsOut,
        filters=False,
    )
    @action(detail=False, pagination_class=None, filterset_class=None)
    def defaults(self, request: Request) -> Response:
        """Made from the app, not stored: keep a changed copy with POST."""
        visible_apps(request)
        return Response({"results": [overview(request.query_params.get("app", ""))]})


@described("a query you ran", "queries you ran")
class HistoryView(ControlView):
    """The person's own queries, newest first."""

    model = QueryRun
    serializer_class = shapes.RunOut
    filterset_class = AppFilter
    queryset = QueryRun.objects.none()
    verbs: ClassVar = {"create": (), "clear": ()}

    def get_queryset(self) -> QuerySet[QueryRun]:
        """Of apps the person still sees."""
        apps = apps_for(self.request.user)
        runs = QueryRun.objects.filter(owner_id=self.request.user.pk)
        return runs.filter(Q(app__in=apps) | Q(app=None)).select_related("app")

    @extend_schema(request=shapes.RunIn, responses={201: shapes.RunOut}, examples=[examples.RUN])
    def create(self, request: Request) -> Response:
        """Remember a query; the same one again moves to the top."""
        values = self.checked(request, shapes.RunIn)
        with as_invalid_request():
            run = history.remember(person(request), **values)
        return self.answer(run, 201)

    @extend_schema(summary="Forget the queries you ran", responses={204: None})
    def clear(self, request: Request) -> Response:
        """Forget all of them."""
        QueryRun.objects.filter(owner=person(request)).delete()
        return Response(status=204)
