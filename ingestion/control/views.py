"""The control plane's viewsets: input serializer → one call → output serializer."""

from typing import ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion import closing, setup
from ingestion.authentication import forget_cached_keys
from ingestion.control import serializers as shapes
from ingestion.models import ApiKey, Source
from ingestion.setup import AppDraft, IssuedKey
from logplatform.control.access import ADDED, CHANGED, DELETED, note, person
from logplatform.control.base import AppFilter, ControlView, as_invalid_request, described
from storage.access import apps_for
from storage.models import App, RetentionPolicy

MAX_ID = 2**63 - 1
_CONFIRM = OpenApiParameter(
    "confirm", str, required=True, description="The slug again, to be sure."
)


@described("an app", "apps")
class AppView(ControlView):
    """Apps; everyone sees those of their groups."""

    model = App
    serializer_class = shapes.AppOut
    lookup_field = "slug"
    lookup_value_regex = "[a-z0-9-]{1,63}"
    queryset = App.objects.none()

    def get_queryset(self) -> QuerySet[App]:
        """Apps of the person."""
        apps = apps_for(self.request.user)
        return apps.select_related("retention").prefetch_related("groups").order_by("name", "pk")

    @extend_schema(request=shapes.AppIn, responses={201: shapes.AppOut})
    def create(self, request: Request) -> Response:
        """Open an app; its sources and keys come next."""
        values = self.checked(request, shapes.AppIn)
        draft = AppDraft(
            name=values["name"],
            slug=values.get("slug", ""),
            days=values["retention_days"],
            groups=values.get("groups", ()),
        )
        with as_invalid_request():
            closing.check_slug_unused(draft.slug or setup.slug_of(draft.name), request.user)
            app = setup.open_app(draft)
            note(request, app, ADDED, "opened.")
        return self.answer(app, 201)

    @extend_schema(request=shapes.AppChange)
    def partial_update(self, request: Request, slug: str) -> Response:
        """Rename it, or open it to other groups."""
        app, values = self.get_object(), self.checked(request, shapes.AppChange)
        with as_invalid_request():
            if "groups" in values:
                app.groups.set([*values["groups"], *setup.hidden_groups(app, request.user)])
            app.name = values.get("name", app.name)
            app.daily_bytes = values.get("daily_bytes", app.daily_bytes)
            app.full_clean()
            app.save()
            note(request, app, CHANGED, f"changed {', '.join(values)}.")
        return self.answer(self.get_object())

    @extend_schema(parameters=[_CONFIRM])
    def destroy(self, request: Request, slug: str) -> Response:
        """Delete the app: its keys at once, its lines by the log engine."""
        app = self.get_object()
        if request.query_params.get("confirm") != app.slug:
            raise ValidationError({"confirm": [f"Send ?confirm={app.slug} to delete the app."]})
        note(request, app, DELETED, "deleted with its lines.")
        closing.close_app(app)
        return Response(status=204)


@described("a source", "sources")
class SourceView(ControlView):
    """Sources of the person's apps."""

    model = Source
    serializer_class = shapes.SourceOut
    filterset_class = AppFilter
    queryset = Source.objects.none()

    def get_queryset(self) -> QuerySet[Source]:
        """Sources of the person's apps."""
        apps = apps_for(self.request.user)
        return Source.objects.filter(app__in=apps).select_related("app").order_by("pk")

    @extend_schema(request=shapes.SourceIn, responses={201: shapes.SourceOut})
    def create(self, request: Request) -> Response:
        """Add a source to an app."""
        values = self.checked(request, shapes.SourceIn)
        values.setdefault("slug", setup.slug_of(values["name"]))
        with as_invalid_request():
            source = Source(**values)
            source.full_clean()
            source.save()
            note(request, source, ADDED, "added.")
        return self.answer(source, 201)

    @extend_schema(request=shapes.SourceChange)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change how its lines are read, its quota, or switch it off."""
        return self.change(request, shapes.SourceChange)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete it with its keys; its lines stay with the app until they expire."""
        answer = self.remove(request, self.get_object())
        forget_cached_keys()
        return answer


class KeyFilter(django_filters.FilterSet):
    """`?app=<slug>` and `?source=<id>`."""

    app = django_filters.CharFilter(field_name="source__app__slug")
    source = django_filters.NumberFilter(
        field_name="source_id", min_value=1, max_value=MAX_ID, decimal_places=0
    )


@described("a key", "keys")
class KeyView(ControlView):
    """Keys of the person's apps; the plaintext only in the answer that issues one."""

    model = ApiKey
    serializer_class = shapes.KeyOut
    filterset_class = KeyFilter
    unchecked = ("public_id", "secret_hash")
    queryset = ApiKey.objects.none()
    verbs: ClassVar = {
        "list": ("view",),
        "retrieve": ("view",),
        "revoke": ("change",),
        "rotate": ("add", "change"),
    }

    def get_queryset(self) -> QuerySet[ApiKey]:
        """Keys of the person's apps."""
        keys = ApiKey.objects.filter(source__app__in=apps_for(self.request.user))
        return keys.select_related("source__app").order_by("pk")

    @extend_schema(request=shapes.KeyIn, responses={201: shapes.IssuedKeyOut})
    def create(self, request: Request) -> Response:
        """Issue a key; `key` of the answer is its plaintext, shown this once."""
        values = self.checked(request, shapes.KeyIn)
        with as_invalid_request():
            issued = setup.issue_key(**values, created_by=person(request))
            note(request, issued.key, ADDED, "issued.")
        return self._shown(issued)

    @extend_schema(request=shapes.KeyChange)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Rename it, set when it ends or its rate. For other scopes, issue another key."""
        answer = self.change(request, shapes.KeyChange)
        forget_cached_keys()
        return answer

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete it for good; revoking keeps it on record."""
        answer = self.remove(request, self.get_object())
        forget_cached_keys()
        return answer

    @extend_schema(summary="Revoke a key", request=None, responses=shapes.KeyOut)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        """Refuse it from now on, within 5 s everywhere."""
        key = self.get_object()
        setup.revoke_key(key)
        note(request, key, CHANGED, "revoked.")
        return self.answer(key)

    @extend_schema(summary="Rotate a key", request=None, responses={201: shapes.IssuedKeyOut})
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: str) -> Response:
        """Issue a successor, shown this once, and revoke the key."""
        key = self.get_object()
        issued = setup.rotate_key(key)
        note(request, key, CHANGED, f"rotated, its successor is {issued.key}.")
        note(request, issued.key, ADDED, f"issued as the successor of {key}.")
        return self._shown(issued)

    def _shown(self, issued: IssuedKey) -> Response:
        context = {**self.get_serializer_context(), "plaintext": issued.plaintext}
        return Response(shapes.IssuedKeyOut(issued.key, context=context).data, status=201)


@described("a retention policy", "retention policies")
class RetentionView(ControlView):
    """How long each app keeps its lines."""

    model = RetentionPolicy
    serializer_class = shapes.RetentionOut
    filterset_class = AppFilter
    lookup_field = "app__slug"
    lookup_url_kwarg = "app"
    lookup_value_regex = "[a-z0-9-]{1,63}"
    queryset = RetentionPolicy.objects.none()

    def get_queryset(self) -> QuerySet[RetentionPolicy]:
        """Policies of the person's apps."""
        apps = apps_for(self.request.user)
        return RetentionPolicy.objects.filter(app__in=apps).select_related("app").order_by("pk")

    @extend_schema(request=shapes.RetentionIn)
    def partial_update(self, request: Request, app: str) -> Response:
        """Set the days; older lines go at the next clean-up."""
        policy, days = self.get_object(), self.checked(request, shapes.RetentionIn)["days"]
        before = policy.days
        with as_invalid_request():
            policy = setup.keep_days(policy.app, days)
            note(request, policy, CHANGED, f"days {before} → {days}.")
        return self.answer(policy)
