"""The control plane of redaction and enrichment: rules of sources, tags and tables of apps."""

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion.treatment.models import (
    REDACTED,
    Action,
    LookupTable,
    OwnPattern,
    SourceRules,
    Switch,
    TagRule,
    split_list,
)
from ingestion.treatment.preview import MAX_BYTES, MAX_LINES, preview
from logplatform.api_types import Shadowing
from logplatform.control.access import ADDED, CHANGED, note
from logplatform.control.base import AppFilter, ControlView, as_invalid_request, described
from logplatform.control.shapes import OwnApp, StrictInput
from storage.access import apps_for
from storage.models import App

_SWITCHES = ("user_agents", "geoip", "ip_class", "tags", "tables")


class PatternShape(StrictInput):
    """A pattern of a source's own."""

    name = serializers.RegexField(r"^[a-z][a-z0-9_-]{0,29}$")
    pattern = serializers.CharField(max_length=500, trim_whitespace=False)
    action = serializers.ChoiceField(Action.choices[1:], default="mask")


class RulesOut(serializers.ModelSerializer[SourceRules]):
    """What is redacted and added."""

    source: Shadowing = serializers.IntegerField(source="source_id")
    app = serializers.CharField(source="source.app.slug")
    patterns = PatternShape(many=True)

    class Meta:
        model = SourceRules
        fields = ("source", "app", *REDACTED, "patterns", "urls", *_SWITCHES)


class RulesChange(StrictInput):
    """What may change; `patterns` replaces all of them."""

    patterns = PatternShape(many=True, required=False)
    urls = serializers.ChoiceField(Switch.choices, required=False)

    def get_fields(self) -> dict[str, Any]:
        """With an action for every built-in rule and a switch for the rest."""
        actions = {
            name: serializers.ChoiceField(Action.choices, required=False) for name in REDACTED
        }
        switches = {name: serializers.BooleanField(required=False) for name in _SWITCHES}
        return {**super().get_fields(), **actions, **switches}


class PreviewIn(RulesChange):
    """Lines to try, with settings other than those saved if given."""

    lines = serializers.ListField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=MAX_BYTES),
        allow_empty=False,
        max_length=MAX_LINES,
    )


class PreviewedLine(serializers.Serializer[Any]):
    """What becomes of a line: a record, or a reason with what would be kept of its bytes."""

    line = serializers.IntegerField()
    record = serializers.DictField(required=False)
    reason = serializers.CharField(required=False)
    raw = serializers.CharField(required=False)


class PreviewOut(serializers.Serializer[Any]):
    """What would be stored."""

    results = PreviewedLine(many=True)


class RulesFilter(django_filters.FilterSet):
    """`?app=<slug>`."""

    app = django_filters.CharFilter(field_name="source__app__slug")


@described("the redaction and enrichment of a source", "redaction and enrichment of sources")
class RulesView(ControlView):
    """Redaction and enrichment by source id."""

    model = SourceRules
    serializer_class = RulesOut
    filterset_class = RulesFilter
    lookup_field = "source_id"
    lookup_url_kwarg = "source"
    queryset = SourceRules.objects.none()
    verbs: ClassVar = {"preview": ("view",)}

    def get_queryset(self) -> QuerySet[SourceRules]:
        """Those of the person's apps."""
        rows = SourceRules.objects.filter(source__app__in=apps_for(self.request.user))
        return rows.select_related("source__app").prefetch_related("patterns").order_by("source_id")

    @extend_schema(request=RulesChange)
    def partial_update(self, request: Request, source: str) -> Response:
        """Change it; workers follow within seconds."""
        rules, values = self.get_object(), self.checked(request, RulesChange)
        patterns = values.pop("patterns", None)
        names = [*values, *(() if patterns is None else ("patterns",))]
        with as_invalid_request():
            for name, value in values.items():
                setattr(rules, name, value)
            rules.full_clean()
            rules.save()
            if patterns is not None:
                _replace_patterns(rules, patterns)
            note(request, rules, CHANGED, f"changed {', '.join(names)}.")
        return self.answer(self.get_object())

    @extend_schema(
        summary="Show what would be stored", request=PreviewIn, responses={200: PreviewOut}
    )
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, source: str) -> Response:
        """What would be stored of some lines, with the settings saved or sent; stores nothing."""
        rules, values = self.get_object(), self.checked(request, PreviewIn)
        lines = values.pop("lines")
        patterns = values.pop("patterns", None)
        for name, value in values.items():
            setattr(rules, name, value)
        own = None if patterns is None else [tuple(pattern.values()) for pattern in patterns]
        text = "\n".join(line.replace("\n", " ") for line in lines)
        return Response({"results": preview(rules, text, patterns=own)})


def _replace_patterns(rules: SourceRules, patterns: list[dict[str, Any]]) -> None:
    OwnPattern.objects.filter(rules=rules).delete()
    for values in patterns:
        own = OwnPattern(rules=rules, **values)
        own.full_clean()
        own.save()


class ListField(serializers.ListField):
    """Words, kept as one text with commas."""

    child = serializers.CharField(max_length=200)

    def to_representation(self, data: Any) -> list[Any]:
        """As a list."""
        return split_list(data) if isinstance(data, str) else list(data)

    def to_internal_value(self, data: Any) -> Any:
        """As a text; no part may hold a comma."""
        parts = super().to_internal_value(data)
        if any("," in part for part in parts):
            raise ValidationError("Write each by itself, without commas.")
        return ", ".join(parts)


class TagOut(serializers.Serializer[Any]):
    """A tag rule."""

    id = serializers.IntegerField()
    app = serializers.CharField(source="app.slug")
    tag = serializers.CharField()
    words = ListField()
    is_active = serializers.BooleanField()

    def get_fields(self) -> dict[str, Any]:
        """With `fields`, which is DRF's own name on the class."""
        return {**super().get_fields(), "fields": ListField()}


class TagChange(StrictInput):
    """What may change on a tag rule."""

    tag = serializers.CharField(required=False, max_length=30)
    words = ListField(required=False, allow_empty=False)
    is_active = serializers.BooleanField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """With `fields`, which is DRF's own name on the class."""
        return {**super().get_fields(), "fields": ListField(required=False, allow_empty=False)}


class TagIn(TagChange):
    """A new tag rule."""

    app = OwnApp()
    tag = serializers.CharField(max_length=30)
    words = ListField(allow_empty=False)


class OfApps(ControlView):
    """Things of an app that are added, changed and deleted as a whole."""

    filterset_class = AppFilter
    new_shape: ClassVar[type[StrictInput]]

    def get_queryset(self) -> QuerySet[Any]:
        """Those of the person's apps."""
        rows: QuerySet[Any] = self.model._default_manager.all()
        return rows.filter(app__in=apps_for(self.request.user)).select_related("app").order_by("pk")

    def add(self, request: Request) -> Response:
        """Add one."""
        values = self.checked(request, self.new_shape)
        with as_invalid_request():
            thing = self.model(**values)
            thing.full_clean()
            thing.save()
            note(request, thing, ADDED, "added.")
        return self.answer(thing, 201)


@described("a tag rule", "tag rules")
class TagView(OfApps):
    """Tag rules of the person's apps."""

    model = TagRule
    serializer_class = TagOut
    queryset = TagRule.objects.none()
    new_shape = TagIn

    @extend_schema(request=TagIn, responses={201: TagOut})
    def create(self, request: Request) -> Response:
        """Add a rule to an app."""
        return self.add(request)

    @extend_schema(request=TagChange)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change it."""
        return self.change(request, TagChange)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete it; stored tags stay."""
        return self.remove(request, self.get_object())


class TableOut(serializers.ModelSerializer[LookupTable]):
    """A look-up table without its content."""

    app = serializers.SlugRelatedField[App](slug_field="slug", read_only=True)

    class Meta:
        model = LookupTable
        fields = ("id", "app", "name", "field", "row_count", "is_active", "updated_at")


class TableChange(StrictInput):
    """What may change on a look-up table."""

    name = serializers.CharField(required=False, max_length=30)
    field = serializers.CharField(required=False, max_length=128)
    content = serializers.CharField(
        required=False, trim_whitespace=False, help_text="CSV: a header, the key first."
    )
    is_active = serializers.BooleanField(required=False)


class TableIn(TableChange):
    """A new look-up table."""

    app = OwnApp()
    name = serializers.CharField(max_length=30)
    field = serializers.CharField(max_length=128)
    content = serializers.CharField(trim_whitespace=False)


@described("a look-up table", "look-up tables")
class TableView(OfApps):
    """Look-up tables of the person's apps."""

    model = LookupTable
    serializer_class = TableOut
    queryset = LookupTable.objects.none()
    new_shape = TableIn

    @extend_schema(request=TableIn, responses={201: TableOut})
    def create(self, request: Request) -> Response:
        """Add a table to an app."""
        return self.add(request)

    @extend_schema(request=TableChange)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change it."""
        return self.change(request, TableChange)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete it; stored columns stay."""
        return self.remove(request, self.get_object())
