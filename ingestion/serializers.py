"""Shapes of ingestion's API answers and parameters."""

from typing import Any

from rest_framework import serializers

from logplatform.api_types import Shadowing
from storage import facade as storage


class FormatsField(serializers.CharField):
    """Names of formats: one, several with commas between, or a list; read as the second."""

    def to_internal_value(self, data: Any) -> str:
        """The names with commas between."""
        is_list = isinstance(data, list) and all(isinstance(name, str) for name in data)
        return super().to_internal_value(",".join(data) if is_list else data)


class AcceptedSerializer(serializers.Serializer[Any]):
    """202: on disk, being processed."""

    receipt = serializers.CharField()
    accepted = serializers.IntegerField(help_text="Lines taken.")
    backend = serializers.ChoiceField(["queue", "direct"])


class _ToldSerializer(serializers.Serializer[Any]):
    """What is wrong and what to do."""

    code = serializers.CharField(help_text="Stays the same from release to release.")
    message = serializers.CharField()
    hint = serializers.CharField()
    data: Shadowing = serializers.DictField()
    request_id = serializers.CharField()

    class Meta:
        ref_name = "Told"


class ErrorSerializer(serializers.Serializer[Any]):
    """Every error."""

    error = _ToldSerializer()


class LineErrorSerializer(serializers.Serializer[Any]):
    """Why a line is in quarantine."""

    line = serializers.IntegerField(help_text="Position in the body, from 0, blank lines skipped.")
    reason = serializers.CharField()


class OutcomeSerializer(serializers.Serializer[Any]):
    """200 with `wait=true`: what became of the lines."""

    receipt = serializers.CharField()
    received = serializers.IntegerField()
    stored = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    quarantined = serializers.IntegerField()
    joined = serializers.IntegerField(
        help_text="Stored lines that are part of the record of a line before, as stack traces are."
    )
    errors: Shadowing = LineErrorSerializer(many=True, help_text="The first 20.")


class ReceiptRowSerializer(serializers.Serializer[Any]):
    """What the ledger holds of one request; the numbers add up once `state` is done."""

    receipt = serializers.CharField()
    state = serializers.ChoiceField(["queued", "done"])
    app = serializers.CharField()
    source: Shadowing = serializers.CharField()
    backend = serializers.CharField(
        help_text="The way it took: queue, direct (past the queue) or replay."
    )
    protocol = serializers.CharField()
    received_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True, help_text="Its lines are searchable.")
    received = serializers.IntegerField()
    stored = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    quarantined = serializers.IntegerField()
    joined = serializers.IntegerField(
        help_text="Stored lines that are part of the record of a line before, as stack traces are."
    )
    bytes = serializers.IntegerField(help_text="Decompressed.")
    sent_bytes = serializers.IntegerField(help_text="As sent.")
    reasons = serializers.DictField(
        child=serializers.IntegerField(), help_text="Quarantined lines by reason code."
    )


class ReceiptSerializer(ReceiptRowSerializer):
    """One receipt with reasons of its quarantined lines."""

    errors: Shadowing = LineErrorSerializer(many=True, help_text="The first 20.")


class MomentField(serializers.CharField):
    """A time: ISO-8601 or relative to now."""

    def to_internal_value(self, data: Any) -> Any:
        """An aware datetime."""
        moment = storage.read_moment(super().to_internal_value(data))
        if moment is None:
            raise serializers.ValidationError("Write 2026-11-22T10:00:00Z or now-15m.")
        return moment


class ReceiptParameters(serializers.Serializer[Any]):
    """Which receipts of finished requests to list; newest first."""

    app = serializers.CharField(required=False)
    source: Shadowing = serializers.CharField(required=False)
    backend = serializers.ChoiceField(
        ["queue", "direct", "replay"], required=False, help_text="The way it took."
    )
    state = serializers.ChoiceField(
        ["done", "complete", "rejects", "duplicates"],
        required=False,
        help_text="complete: nothing in quarantine; rejects: something is; duplicates: came again. "
        "Default: all.",
    )
    start = MomentField(required=False, help_text="ISO-8601 or now-1h; by time of arrival.")
    end = MomentField(required=False)
    limit = serializers.IntegerField(default=100, min_value=1, max_value=1000)
    cursor = serializers.CharField(required=False, help_text="`next` of the page before.")


class ReceiptPageSerializer(serializers.Serializer[Any]):
    """Receipts of finished requests, newest first."""

    results = ReceiptRowSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class ShardSerializer(serializers.Serializer[Any]):
    """One shard of the queue."""

    shard = serializers.IntegerField()
    entries = serializers.IntegerField()
    in_progress = serializers.IntegerField()
    oldest_age_s = serializers.FloatField(allow_null=True)


class QueueSerializer(serializers.Serializer[Any]):
    """The backlog."""

    entries = serializers.IntegerField()
    bytes = serializers.IntegerField()
    limit_bytes = serializers.IntegerField()
    oldest_age_s = serializers.FloatField(allow_null=True)
    shards = ShardSerializer(many=True)
    quarantined = serializers.IntegerField(
        allow_null=True, help_text="Lines in quarantine of your apps; null: the store is away."
    )
