"""Shapes of saved searches, dashboards and the history of queries."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from analytics.models import NAME, RANGE, Kept
from analytics.saved.panels import FieldName, Panel, PanelsField, QueryField
from logplatform.control.shapes import NameField, OwnApp, StrictInput
from storage import facade as storage

MAX_COLUMNS = 50
_RANGE_HELP = "The newest 15m, 1h, 7d …; empty where `start` and `end` are given."


class RangeField(serializers.CharField):
    """How far back from now."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validators=[RANGE], **options)


class MomentField(serializers.CharField):
    """An exact or relative time, kept as it was written."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=40, required=False, allow_blank=True, **options)

    def to_internal_value(self, data: Any) -> str:
        """The text, which is a time or empty."""
        text = super().to_internal_value(data)
        if text and storage.read_moment(text) is None:
            raise ValidationError("Use ISO-8601 such as 2026-02-11T06:43:36Z, or now-15m.")
        return text


class KeptOut(serializers.Serializer[Any]):
    """What all kept things say of themselves."""

    id = serializers.IntegerField()
    app = serializers.CharField(source="app.slug", default="", help_text="Empty: all apps.")
    name = serializers.CharField()
    is_shared = serializers.BooleanField(help_text="All members of the app see it.")
    owner = serializers.CharField(source="owner.username", default="")
    is_mine = serializers.SerializerMethodField()
    updated_at = serializers.DateTimeField()

    def get_is_mine(self, thing: Kept) -> bool:
        """Whether it is the caller's own."""
        return bool(thing.owner_id == self.context["request"].user.pk)


class SearchOut(KeptOut):
    """A saved search."""

    q = serializers.CharField()
    range = serializers.CharField(help_text=_RANGE_HELP)
    start = serializers.CharField()
    end = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())


class SearchChange(StrictInput):
    """What may change on a saved search."""

    name = NameField(required=False, validators=[NAME])
    q = QueryField(required=False, allow_blank=True)
    range = RangeField(required=False, allow_blank=True, help_text=_RANGE_HELP)
    start = MomentField()
    end = MomentField()
    columns = serializers.ListField(child=FieldName(), max_length=MAX_COLUMNS, required=False)
    is_shared = serializers.BooleanField(required=False)


class SearchIn(SearchChange):
    """A new saved search."""

    app = OwnApp(required=False, allow_null=True)
    name = NameField(validators=[NAME])


class RunOut(serializers.Serializer[Any]):
    """A query that was run."""

    q = serializers.CharField()
    app = serializers.CharField(source="app.slug", default="", help_text="Empty: all apps.")
    range = serializers.CharField()
    ran_at = serializers.DateTimeField()


class RunIn(StrictInput):
    """A query that is run now."""

    q = QueryField()
    app = OwnApp(required=False, allow_null=True)
    range = RangeField(required=False, allow_blank=True)


class DashboardOut(KeptOut):
    """A dashboard; the default one has no id."""

    id = serializers.IntegerField(allow_null=True)
    range = serializers.CharField()
    refresh_s = serializers.IntegerField(help_text="0: not by itself.")
    panels = serializers.ListField(child=Panel())
    updated_at = serializers.DateTimeField(allow_null=True)


class DefaultsOut(serializers.Serializer[Any]):
    """The dashboards an app has without anybody's doing."""

    results = DashboardOut(many=True)


class DashboardChange(StrictInput):
    """What may change on a dashboard; `panels` replaces all of them."""

    name = NameField(required=False, validators=[NAME])
    range = RangeField(required=False)
    refresh_s = serializers.IntegerField(required=False, min_value=0, max_value=86_400)
    panels = PanelsField(required=False)
    is_shared = serializers.BooleanField(required=False)


class DashboardIn(DashboardChange):
    """A new dashboard."""

    app = OwnApp(required=False, allow_null=True)
    name = NameField(validators=[NAME])
