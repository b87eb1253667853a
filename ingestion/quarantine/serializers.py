"""Shapes of the quarantine's API: what may be asked and what is answered."""

from datetime import datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from ingestion.models import Replay
from logplatform.api_types import Shadowing
from logplatform.control.shapes import StrictInput

MAX_IDS = 1_000


@extend_schema_field(OpenApiTypes.STR)
class MomentField(serializers.Field[datetime, Any, Any, Any]):
    """A time: ISO-8601, or relative to now as in `now-15m`."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "Time of receipt: ISO-8601 or relative, such as `now-1d`.")
        super().__init__(required=False, **options)

    def to_internal_value(self, data: Any) -> datetime:
        """The moment, aware."""
        from storage.facade import read_moment

        moment = read_moment(data[:50]) if isinstance(data, str) else None
        if moment is None:
            raise ValidationError("This is no time: use ISO-8601 or for example now-15m.")
        return moment


class _Filter(serializers.Serializer[Any]):
    """What narrows quarantined lines."""

    app = serializers.CharField(required=False, max_length=63)
    source: Shadowing = serializers.CharField(
        required=False, max_length=63, help_text="Slug of a source."
    )
    reason_code = serializers.CharField(
        required=False, max_length=200, help_text="As in the answers."
    )
    start = MomentField()
    end = MomentField()


class ListParameters(_Filter):
    """Which lines to list."""

    limit = serializers.IntegerField(default=100, min_value=1, max_value=1000)
    cursor = serializers.CharField(required=False, help_text="`next` of the page before.")


class ReasonParameters(_Filter):
    """Which lines to group."""

    limit = serializers.IntegerField(default=100, min_value=1, max_value=1000)


class _IdFilter(StrictInput, _Filter):
    """A filter that may also name lines; a field it does not know is refused, not ignored."""

    app = serializers.CharField(max_length=63)
    ids = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=MAX_IDS,
        help_text="Ids of single lines.",
    )

    def validate_ids(self, ids: list[Any]) -> tuple[str, ...]:
        """As text, each once; none at all would mean all."""
        if not ids:
            raise ValidationError("Name one id at least, or leave it away.")
        return tuple(dict.fromkeys(map(str, ids)))


class DeleteParameters(_IdFilter):
    """Which lines to delete: the app and something that narrows it."""

    def validate(self, attrs: Any) -> Any:
        """Nobody empties a quarantine by a forgotten parameter."""
        if set(attrs) == {"app"}:
            raise ValidationError(
                "Narrow it by source, reason_code, ids, start or end: "
                "a filter that names only the app is refused."
            )
        return attrs


class ChoiceIn(_IdFilter):
    """Lines of one source to read again, and how."""

    source: Shadowing = serializers.CharField(max_length=63)
    format = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=50,
        help_text="Left away: as the source is set now. Empty: detected line by line.",
    )


class RejectedSerializer(serializers.Serializer[Any]):
    """One quarantined line."""

    id = serializers.UUIDField()
    received_at = serializers.DateTimeField()
    app = serializers.CharField()
    source: Shadowing = serializers.CharField()
    protocol = serializers.CharField()
    receipt = serializers.CharField()
    line = serializers.IntegerField()
    reason_code = serializers.CharField()
    reason = serializers.CharField()
    raw = serializers.CharField(
        help_text="The first 16 KiB as UTF-8, other bytes replaced; `lines/<id>` gives all."
    )
    raw_base64 = serializers.CharField(help_text="The same bytes where they are no UTF-8.")
    size_bytes = serializers.IntegerField(help_text="Of the whole line.")
    format = serializers.CharField(help_text="The format that was fixed; empty: detection.")


class RejectedPageSerializer(serializers.Serializer[Any]):
    """A page of lines, newest first."""

    results = RejectedSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class RejectReasonSerializer(serializers.Serializer[Any]):
    """Lines of one source that were not stored for one reason."""

    app = serializers.CharField()
    source: Shadowing = serializers.CharField()
    reason_code = serializers.CharField()
    reason = serializers.CharField(help_text="Of the newest line.")
    lines = serializers.IntegerField()
    bytes = serializers.IntegerField()
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    raw = serializers.CharField(help_text="The beginning of the newest line.")


class RejectReasonsSerializer(serializers.Serializer[Any]):
    """Reasons, most frequent first."""

    results = RejectReasonSerializer(many=True)


class DeletedSerializer(serializers.Serializer[Any]):
    """What was deleted."""

    deleted = serializers.IntegerField(help_text="Lines.")


class RefusalSerializer(serializers.Serializer[Any]):
    """A reason for which lines would still be refused."""

    reason_code = serializers.CharField()
    reason = serializers.CharField()
    lines = serializers.IntegerField()


class PreviewSerializer(serializers.Serializer[Any]):
    """What a replay would do with the first lines."""

    format = serializers.CharField(help_text="The format used; empty: detection.")
    total = serializers.IntegerField(help_text="Lines that fit the choice.")
    examined = serializers.IntegerField(help_text="The first of them, which were read.")
    stored = serializers.IntegerField()
    refused = serializers.IntegerField()
    reasons = RefusalSerializer(many=True)
    records = serializers.ListField(
        child=serializers.DictField(), help_text="The first 20 as they would be stored."
    )


class ReplaySerializer(serializers.ModelSerializer[Replay]):
    """A replay and how far it is."""

    app = serializers.CharField(source="app.slug")
    created_by = serializers.CharField(source="created_by.username", default=None)
    mark = serializers.UUIDField(
        source="id", format="hex", help_text="Lines it stored are found by `_replay:<mark>`."
    )

    class Meta:
        model = Replay
        fields = (
            "id",
            "mark",
            "app",
            "source",
            "reason_code",
            "start",
            "end",
            "format",
            "zone",
            "state",
            "is_cancelled",
            "total",
            "done",
            "stored",
            "refused",
            "gone",
            "reasons",
            "percent",
            "problem",
            "created_at",
            "created_by",
            "finished_at",
        )


class ReplaysSerializer(serializers.Serializer[Any]):
    """Replays, newest first."""

    results = ReplaySerializer(many=True)
