"""The control plane of formats that people make: drafts, trials, versions."""

from dataclasses import asdict
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion.control.serializers import OwnSource
from ingestion.control.treatment import OfApps
from ingestion.custom import publishing
from ingestion.custom.comparing import LINES, compare
from ingestion.custom.models import (
    MAX_CASES,
    MAX_LINE,
    MAX_PATTERN,
    CustomFormat,
    FormatCase,
    FormatVersion,
    Kind,
)
from logplatform.api_types import Shadowing
from logplatform.control.access import ADDED, CHANGED, note, person
from logplatform.control.base import as_invalid_request, described
from logplatform.control.shapes import OwnApp, StrictInput
from storage.models import App

_EXAMPLE = OpenApiExample(
    "A marked line",
    value={
        "app": "shop",
        "name": "gateway",
        "pattern": '<ip> - - [<time>] "<request:quoted>" <status:int> <message>',
        "cases": [{"line": "no gateway line", "expect": None}],
    },
    request_only=True,
)


class LayoutsField(serializers.ListField):
    """Layouts of time, kept as one text."""

    child = serializers.CharField(max_length=100)

    def to_representation(self, data: Any) -> list[Any]:
        """As a list."""
        return data.splitlines() if isinstance(data, str) else list(data)

    def to_internal_value(self, data: Any) -> Any:
        """As a text, one a line."""
        return "\n".join(super().to_internal_value(data))


class CaseShape(StrictInput):
    """A line, and some of its fields; null: it must be refused."""

    line = serializers.CharField(max_length=MAX_LINE, trim_whitespace=False)
    expect = serializers.DictField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False), allow_null=True
    )


class VersionOut(serializers.ModelSerializer[FormatVersion]):
    """A published version."""

    layouts = LayoutsField()
    published_by = serializers.CharField(source="published_by.username", default=None)

    class Meta:
        model = FormatVersion
        fields = ("number", "kind", "pattern", "layouts", "published_at", "published_by")


class FormatOut(serializers.ModelSerializer[CustomFormat]):
    """A draft, its cases, and its versions; `version` is the one in use."""

    app = serializers.SlugRelatedField[App](slug_field="slug", read_only=True)
    layouts = LayoutsField()
    cases = CaseShape(many=True)
    versions = serializers.SerializerMethodField()

    class Meta:
        model = CustomFormat
        fields = (
            *("id", "app", "name", "title", "kind", "pattern", "layouts"),
            *("cases", "version", "versions", "updated_at"),
        )

    @staticmethod
    def get_versions(draft: CustomFormat) -> "list[dict[str, Any]]":
        """The newest twenty."""
        rows = publishing.versions_of(draft).select_related("published_by")[:20]
        return list(VersionOut(rows, many=True).data)


class FormatChange(StrictInput):
    """What may change on a draft; `cases` replaces all of them."""

    title = serializers.CharField(required=False, max_length=100, allow_blank=True)
    kind = serializers.ChoiceField(Kind.choices, required=False)
    pattern = serializers.CharField(
        required=False,
        max_length=MAX_PATTERN,
        trim_whitespace=False,
        help_text="`<ip> - - [<time>] <message>`; a field may name its pattern (`<status:int>`, "
        "`/parse/patterns`). `kind` regex: RE2 with named groups and `%{name:field}`.",
    )
    layouts = LayoutsField(required=False, help_text="Of `timestamp`; none: the usual ones.")
    cases = CaseShape(many=True, required=False)


class FormatIn(FormatChange):
    """A new draft."""

    app = OwnApp()
    name = serializers.CharField(max_length=40)
    pattern = serializers.CharField(max_length=MAX_PATTERN, trim_whitespace=False)


class TryIn(StrictInput):
    """A source whose lines are tried; without `lines` its last 200."""

    source: Shadowing = OwnSource()
    lines = serializers.ListField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=MAX_LINE),
        required=False,
        allow_empty=False,
        max_length=LINES,
    )
    kind = serializers.ChoiceField(Kind.choices, required=False)
    pattern = serializers.CharField(required=False, max_length=MAX_PATTERN, trim_whitespace=False)
    layouts = LayoutsField(required=False)


class ChangedField(serializers.Serializer[Any]):
    """A field before and after; null: absent."""

    name = serializers.CharField()
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField(allow_null=True)


class TriedLine(serializers.Serializer[Any]):
    """How a line is read before and after; an empty format: it is refused."""

    line = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()
    reason = serializers.CharField()
    kind = serializers.ChoiceField(["gained", "lost", "changed", "same", "refused"])

    def get_fields(self) -> dict[str, Any]:
        """With `fields`, which is DRF's own name on the class."""
        return {**super().get_fields(), "fields": ChangedField(many=True)}


class TryOut(serializers.Serializer[Any]):
    """What the draft would change, and the saved cases it does not pass."""

    lines = TriedLine(many=True)
    counts = serializers.DictField(child=serializers.IntegerField())
    changed_fields = serializers.DictField(child=serializers.IntegerField())
    failing_cases = serializers.ListField(child=serializers.DictField())


class RollBackIn(StrictInput):
    """The version to use again."""

    number = serializers.IntegerField(min_value=1)


@described("a log format of your own", "log formats of your own")
class FormatView(OfApps):
    """Formats of the person's apps."""

    model = CustomFormat
    serializer_class = FormatOut
    queryset = CustomFormat.objects.none()
    new_shape = FormatIn
    verbs: ClassVar = {"try_lines": ("view",), "publish": ("change",), "roll_back": ("change",)}

    @extend_schema(request=FormatIn, responses={201: FormatOut}, examples=[_EXAMPLE])
    def create(self, request: Request) -> Response:
        """Add a draft; nothing uses it before it is published."""
        values = self.checked(request, FormatIn)
        cases = values.pop("cases", [])
        with as_invalid_request():
            draft = CustomFormat(**values)
            draft.full_clean()
            draft.save()
            replace_cases(draft, cases)
            note(request, draft, ADDED, "added.")
        return self.answer(draft, 201)

    @extend_schema(request=FormatChange)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change the draft; the version in use stays."""
        draft, values = self.get_object(), self.checked(request, FormatChange)
        cases = values.pop("cases", None)
        names = [*values, *(() if cases is None else ("cases",))]
        with as_invalid_request():
            for name, value in values.items():
                setattr(draft, name, value)
            draft.full_clean()
            draft.save()
            if cases is not None:
                replace_cases(draft, cases)
            note(request, draft, CHANGED, f"changed {', '.join(names)}.")
        return self.answer(draft)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete it, unless a source names it; lines that were read by it stay."""
        draft = self.get_object()
        publishing.check_unused(draft)
        return self.remove(request, draft)

    @extend_schema(
        operation_id="formats_try",
        summary="Try a log format on the last lines of a source",
        request=TryIn,
        responses={200: TryOut},
    )
    @action(detail=True, methods=["post"], url_path="try")
    def try_lines(self, request: Request, pk: str) -> Response:
        """The last 200 lines of a source (or lines given), read as now and by the draft."""
        from ingestion.custom.cases import failing_cases

        draft, values = self.get_object(), self.checked(request, TryIn)
        source, lines = values.pop("source"), values.pop("lines", None)
        if source.app_id != draft.app_id:
            raise serializers.ValidationError({"source": ["It is of another app."]})
        for name, value in values.items():
            setattr(draft, name, value)
        found = asdict(compare(draft, source, lines=_one_by_one(lines)))
        return Response({**found, "failing_cases": failing_cases(draft)})

    @extend_schema(summary="Publish a log format", request=None, responses={200: FormatOut})
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str) -> Response:
        """Use the draft from now on, if it passes its cases; no restart is needed."""
        draft = self.get_object()
        made = publishing.publish(draft, by=person(request))
        note(request, draft, CHANGED, f"published as version {made.number}.")
        return self.answer(draft)

    @extend_schema(
        summary="Use an earlier version again", request=RollBackIn, responses={200: FormatOut}
    )
    @action(detail=True, methods=["post"], url_path="roll-back")
    def roll_back(self, request: Request, pk: str) -> Response:
        """Use an earlier version again; it becomes the draft as well."""
        draft, number = self.get_object(), self.checked(request, RollBackIn)["number"]
        publishing.roll_back(draft, number)
        note(request, draft, CHANGED, f"went back to version {number}.")
        return self.answer(draft)


def replace_cases(draft: CustomFormat, cases: list[dict[str, Any]]) -> None:
    """Save these cases in place of those there are. Raises: ValidationError."""
    if len(cases) > MAX_CASES:
        raise serializers.ValidationError({"cases": [f"A format has {MAX_CASES} cases at most."]})
    draft.cases.all().delete()
    for values in cases:
        case = FormatCase(format=draft, **values)
        case.full_clean()
        case.save()


def _one_by_one(lines: list[str] | None) -> list[str] | None:
    """Lines without line feeds."""
    return None if lines is None else [line.replace("\n", " ").replace("\r", " ") for line in lines]
