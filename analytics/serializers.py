"""Shapes of the answers of the search API."""

from typing import Any

from rest_framework import serializers

LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]


class RecordSerializer(serializers.Serializer[Any]):
    """One stored line."""

    id = serializers.UUIDField()
    timestamp = serializers.DateTimeField(help_text="Event time, UTC, with the digits it has.")
    received_at = serializers.DateTimeField()
    app = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # DRF takes it off the class
    service = serializers.CharField()
    host = serializers.CharField()
    logger = serializers.CharField()
    severity = serializers.IntegerField(min_value=1, max_value=24)
    level = serializers.ChoiceField(LEVELS)
    message = serializers.CharField()
    trace_id = serializers.CharField()
    span_id = serializers.CharField()
    attributes = serializers.DictField(child=serializers.CharField())
    pattern_id = serializers.IntegerField()
    anomaly_score = serializers.IntegerField(min_value=0, max_value=100)


class PageSerializer(serializers.Serializer[Any]):
    """One page of lines."""

    results = RecordSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="`cursor` of the next page.")
    took_ms = serializers.IntegerField()


class BucketSerializer(serializers.Serializer[Any]):
    """Counts from `start` on."""

    start = serializers.DateTimeField()
    counts = serializers.DictField(child=serializers.IntegerField())


class HistogramSerializer(serializers.Serializer[Any]):
    """Counts by level over the whole range."""

    interval_s = serializers.IntegerField()
    buckets = BucketSerializer(many=True)
    took_ms = serializers.IntegerField()


class StatsSerializer(serializers.Serializer[Any]):
    """Figures of a query."""

    total = serializers.IntegerField()
    by_level = serializers.DictField(child=serializers.IntegerField())
    by_service = serializers.DictField(child=serializers.IntegerField())
    error_rate = serializers.FloatField(help_text="Share of ERROR and FATAL, 0 to 1.")
    first = serializers.DateTimeField(allow_null=True)
    last = serializers.DateTimeField(allow_null=True)
    took_ms = serializers.IntegerField()


class PatternSerializer(serializers.Serializer[Any]):
    """One message template."""

    pattern_id = serializers.IntegerField(help_text="Search its lines with `pattern_id:<id>`.")
    template = serializers.CharField(help_text="`<*>` stands for what varies.")
    count = serializers.IntegerField(help_text="Lines in the range.")
    previous = serializers.IntegerField(help_text="Lines in the equally long time before it.")
    trend = serializers.ListField(
        child=serializers.IntegerField(), help_text="Counts in 24 equal parts of the range."
    )
    level = serializers.ChoiceField(LEVELS, help_text="The worst there was.")
    first_seen = serializers.DateTimeField(help_text="Within the range.")
    last_seen = serializers.DateTimeField()
    example = RecordSerializer(help_text="The newest line.")


class PatternPageSerializer(serializers.Serializer[Any]):
    """Message templates of a query."""

    patterns = PatternSerializer(many=True)
    total = serializers.IntegerField(help_text="Lines that have a template.")
    distinct = serializers.IntegerField(help_text="Templates there are, within 1 %.")
    took_ms = serializers.IntegerField()


class ReasonSerializer(serializers.Serializer[Any]):
    """Why a line is unusual."""

    code = serializers.ChoiceField(["severity", "status", "slow", "word", "error_field"])
    points = serializers.IntegerField()
    text = serializers.CharField()


class AnomalySerializer(RecordSerializer):
    """One stored line with the reasons of its score."""

    reasons = ReasonSerializer(many=True)


class AnomalyPageSerializer(serializers.Serializer[Any]):
    """One page of unusual lines."""

    results = AnomalySerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="`cursor` of the next page.")
    took_ms = serializers.IntegerField()
