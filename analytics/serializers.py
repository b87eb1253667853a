"""Shapes that several answers of the search API share; the others stand with their question."""

from typing import Any

from rest_framework import serializers

from logplatform.api_types import Shadowing

LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]


class RecordSerializer(serializers.Serializer[Any]):
    """One stored line."""

    id = serializers.UUIDField()
    timestamp = serializers.DateTimeField(help_text="Event time, UTC, with the digits it has.")
    received_at = serializers.DateTimeField()
    app = serializers.CharField()
    source: Shadowing = serializers.CharField()
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


class ContextSerializer(serializers.Serializer[Any]):
    """A line among its neighbours of the same source."""

    before = RecordSerializer(many=True, help_text="Oldest first.")
    record = RecordSerializer()
    after = RecordSerializer(many=True, help_text="Oldest first.")
    took_ms = serializers.IntegerField()
