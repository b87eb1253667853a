"""Formats that people make: built on a line, tried on a source, kept by cases, published."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from ingestion.admin.format_forms import BuildForm, NewFormatForm
from ingestion.custom import publishing
from ingestion.custom.cases import failing_cases, read_by
from ingestion.custom.comparing import compare, last_lines
from ingestion.custom.models import CustomFormat, FormatCase
from ingestion.models import Source
from logplatform.admin_scope import ScopedAdmin, staff_user
from logplatform.kernel.errors import PlatformError

_SAMPLES = 20
_SHOWN = 200


@admin.register(CustomFormat)
class CustomFormatAdmin(ScopedAdmin):
    """Formats of apps; a format's own page is where it is built."""

    form = NewFormatForm
    list_display = ("name", "app", "title", "kind", "version", "updated_at")
    list_filter = (("app", RelatedOnlyFieldListFilter),)
    search_fields = ("name", "title", "app__name")
    list_select_related = ("app",)
    list_per_page = 50
    fields: ClassVar = ("app", "name", "title", "kind", "pattern", "layouts")
    actions = None

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """Go on to the page where it is built."""
        return redirect(_page(obj))

    def delete_view(self, request: HttpRequest, object_id: str, *given: Any, **more: Any) -> Any:
        """Not while a source names it."""
        draft = self.get_object(request, object_id)
        if draft is not None and self.has_delete_permission(request, draft):
            try:
                publishing.check_unused(draft)
            except PlatformError as error:
                messages.error(request, f"{error.text} {error.advice}")
                return redirect(_page(draft))
        return super().delete_view(request, object_id, *given, **more)

    def change_view(self, request: HttpRequest, object_id: str, *_: Any, **__: Any) -> HttpResponse:
        """Build it on a line, try it, keep cases, publish."""
        draft: CustomFormat | None = self.get_object(request, object_id)
        if draft is None:
            raise Http404
        if not self.has_view_permission(request, draft):
            raise PermissionDenied
        page = _Page(self, request, draft)
        answer = page.answer_post() if request.method == "POST" else None
        return answer or page.shown()


class _Page:
    """One request to the page of a format."""

    def __init__(self, model_admin: CustomFormatAdmin, request: HttpRequest, draft: Any) -> None:
        self.admin, self.request, self.draft = model_admin, request, draft
        self.may_change = model_admin.has_change_permission(request, draft)
        self.extra: dict[str, Any] = {}
        initial = {name: getattr(draft, name) for name in ("title", "kind", "pattern", "layouts")}
        initial["source"] = (
            request.GET.get("source") or Source.objects.filter(app=draft.app_id).first()
        )
        self.form = BuildForm(draft, request.POST or None, initial=initial)

    def answer_post(self) -> HttpResponse | None:
        """Do what a button asks for; None: show the page, with what was typed."""
        verb = self.request.POST.get("do", "try")
        verbs: dict[str, Callable[[], HttpResponse | None]] = {
            "save": self._save,
            "publish": self._publish,
            "case": self._add_case,
            "refuse": self._add_case,
            "drop-case": self._drop_case,
            "roll-back": self._roll_back,
        }
        if verb in verbs and not self.may_change:
            raise PermissionDenied
        if not self.form.is_valid():
            return None
        self.form.apply(self.draft)
        try:
            if verb in verbs:
                return verbs[verb]()
            self._try()
        except PlatformError as error:
            self._tell(error)
        except ValidationError as error:
            self.extra["problem"] = " ".join(error.messages)
        return None

    def shown(self) -> HttpResponse:
        """The page."""
        from parsing import named_patterns

        context = {
            **self.admin.admin_site.each_context(self.request),
            **self.extra,
            "title": f"Log format {self.draft.name}",
            "subtitle": str(self.draft.app),
            "opts": self.admin.opts,
            "draft": self.draft,
            "form": self.form,
            "may_change": self.may_change,
            "may_delete": self.admin.has_delete_permission(self.request, self.draft),
            "patterns": [*named_patterns().values()],
            "samples": self._samples(),
            "cases": self._cases(),
            "versions": publishing.versions_of(self.draft).select_related("published_by")[:20],
        }
        return TemplateResponse(self.request, "admin/ingestion/build_format.html", context)

    def _samples(self) -> list[str]:
        source = self.form["source"].value()
        chosen = Source.objects.filter(app=self.draft.app_id, pk=getattr(source, "pk", source) or 0)
        found = chosen.select_related("app").first()
        try:
            return list(dict.fromkeys(last_lines(found)))[:_SAMPLES] if found else []
        except PlatformError as error:
            self.extra.setdefault("problem", error.text)
            return []

    def _cases(self) -> list[dict[str, Any]]:
        try:
            failing = {each["case"]: each["problem"] for each in failing_cases(self.draft)}
        except PlatformError:
            failing = {}
        return [
            {"case": case, "problem": failing.get(case.pk, "")} for case in self.draft.cases.all()
        ]

    def _try(self) -> None:
        source, sample = self.form.cleaned_data["source"], self.form.cleaned_data["sample"]
        if sample:
            self.extra["read"] = read_by(self.draft, [sample])[0]
            self.extra["is_read"] = True
        if source is not None:
            found = compare(self.draft, source)
            self.extra["found"] = found
            self.extra["rows"] = sorted(found.lines, key=lambda row: row["kind"] == "same")[:_SHOWN]
            self.extra["source"] = source

    def _save(self) -> HttpResponse:
        self._keep("saved.")
        messages.success(
            self.request, "The draft is saved. Nothing reads by it before it is published."
        )
        return self._again()

    def _publish(self) -> HttpResponse:
        self._keep("")
        made = publishing.publish(self.draft, by=staff_user(self.request))
        self._note(f"published as version {made.number}.")
        messages.success(
            self.request,
            f"Version {made.number} is in use within five seconds, by every source whose format is "
            f"{self.draft.name}.",
        )
        return self._again()

    def _add_case(self) -> HttpResponse:
        self._keep("")
        line = self.form.cleaned_data["sample"]
        is_refusal = self.request.POST.get("do") == "refuse"
        fields = None if is_refusal else read_by(self.draft, [line])[0] if line else None
        if not line or (fields is None and not is_refusal):
            raise ValidationError("Choose or type a line that the pattern reads.")
        case = FormatCase(format=self.draft, line=line, expect=fields)
        case.full_clean()
        case.save()
        self._note("kept a line as a case.")
        return self._again()

    def _drop_case(self) -> HttpResponse:
        case = self.request.POST.get("case", "")
        self.draft.cases.filter(pk=int(case) if case.isdecimal() else 0).delete()
        self._note("dropped a case.")
        return self._again()

    def _roll_back(self) -> HttpResponse:
        number = self.request.POST.get("number", "")
        version = publishing.roll_back(self.draft, int(number) if number.isdecimal() else 0)
        self._note(f"went back to version {version.number}.")
        messages.success(self.request, f"Version {version.number} is in use again.")
        return self._again()

    def _keep(self, what: str) -> None:
        self.draft.full_clean()
        self.draft.save()
        if what:
            self._note(what)

    def _note(self, what: str) -> None:
        self.admin.log_change(self.request, self.draft, what)

    def _again(self) -> HttpResponse:
        source = self.form.cleaned_data["source"]
        return redirect(_page(self.draft) + (f"?source={source.pk}" if source else ""))

    def _tell(self, error: PlatformError) -> None:
        cases = [f"{case['line']}: {case['problem']}" for case in error.data.get("cases", ())]
        self.extra |= {"problem": error.text, "place": error.data.get("shown"), "details": cases}


def _page(draft: CustomFormat) -> str:
    return reverse("admin:ingestion_customformat_change", args=[draft.pk])
