"""Shapes of the parse API."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from ingestion.serializers import FormatsField
from logplatform.api_types import Shadowing

MAX_LINES = 1000
MAX_CHARS = 1 << 20


class LineField(serializers.CharField):
    """One line, kept as it is."""

    def to_internal_value(self, data: Any) -> str:
        """The line without its end."""
        line = super().to_internal_value(data).removesuffix("\n").removesuffix("\r")
        if "\n" in line:
            raise ValidationError("A line holds a line feed; send the whole text as raw_log.")
        if not line.strip():
            raise ValidationError("A line is empty; nothing would be stored of it.")
        return line


class ParseRequestSerializer(serializers.Serializer[Any]):
    """Lines to try: `raw_log` or `lines`."""

    raw_log = serializers.CharField(
        required=False,
        max_length=MAX_CHARS,
        trim_whitespace=False,
        help_text="A text of one or more lines, as it would be sent.",
    )
    lines = serializers.ListField(
        child=LineField(trim_whitespace=False, allow_blank=True, max_length=MAX_CHARS),
        required=False,
        allow_empty=False,
        max_length=MAX_LINES,
    )
    format = FormatsField(
        required=False,
        allow_null=True,
        help_text="A format or several; null: the source's setting, else detected.",
    )

    def validate(self, attrs: Any) -> Any:
        """One of the two, and not too much of it."""
        if ("raw_log" in attrs) == ("lines" in attrs):
            raise ValidationError("Send either raw_log or lines.")
        if attrs.get("raw_log", "").count("\n") > MAX_LINES:
            raise ValidationError({"raw_log": [f"At most {MAX_LINES} lines can be tried at once."]})
        if sum(map(len, attrs.get("lines", ()))) > MAX_CHARS:
            raise ValidationError({"lines": [f"At most {MAX_CHARS} characters at once."]})
        return attrs

    def body(self) -> bytes:
        """The lines as a body."""
        found = self.validated_data
        text = found["raw_log"] if "raw_log" in found else "\n".join(found["lines"])
        return str(text).encode("utf-8", "replace")


class RejectSerializer(serializers.Serializer[Any]):
    """Why a line would go to quarantine."""

    line = serializers.IntegerField(help_text="From 0, blank lines skipped.")
    reason = serializers.CharField(help_text="A code and a sentence.")


class ParseAnswerSerializer(serializers.Serializer[Any]):
    """What would be stored."""

    format = serializers.CharField(help_text="The format of most lines; empty: none.")
    confidence = serializers.FloatField(min_value=0, max_value=1)
    formats = serializers.ListField(child=serializers.CharField(allow_null=True))
    records = serializers.ListField(child=serializers.DictField(allow_null=True))
    rejects = RejectSerializer(many=True)
    joined = serializers.ListField(
        child=serializers.IntegerField(), help_text="Lines that are part of a record before."
    )


class FormatFieldSerializer(serializers.Serializer[Any]):
    """A field of a format."""

    name = serializers.CharField()
    type = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)


class FormatSerializer(serializers.Serializer[Any]):
    """A log format."""

    name = serializers.CharField()
    title = serializers.CharField()
    group = serializers.CharField()
    source: Shadowing = serializers.CharField(allow_blank=True)
    examples = serializers.ListField(child=serializers.CharField())
    fields: Shadowing = FormatFieldSerializer(many=True)


class FormatListSerializer(serializers.Serializer[Any]):
    """Every format."""

    formats = FormatSerializer(many=True)


class NamedPatternSerializer(serializers.Serializer[Any]):
    """A named pattern: `%{name}` or `%{name:field}` in the regex of a format."""

    name = serializers.CharField()
    title = serializers.CharField()
    regex = serializers.CharField()
    example = serializers.CharField()


class NamedPatternListSerializer(serializers.Serializer[Any]):
    """Every named pattern."""

    patterns = NamedPatternSerializer(many=True)
