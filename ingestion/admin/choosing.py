"""Which quarantined lines a page of the admin is about, from its address."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from ingestion.custom.reading import published
from ingestion.formats import format_choices
from ingestion.models import Source
from ingestion.quarantine.replays import Choice
from logplatform.admin_scope import staff_user
from storage.access import apps_for

AS_SET = "as-set"
MAX_IDS = 200


def chosen_of(request: HttpRequest, *, right: str) -> Choice:
    """The choice an address names: `app`, `source`, `reason`, `id`…, `format`.

    Raises:
        PermissionDenied: the person lacks the right.
        Http404: no such app for this person, or no source is named.
    """
    if not request.user.has_perm(right):
        raise PermissionDenied
    given = request.GET
    app = apps_for(staff_user(request)).filter(slug=_text(given.get("app"), 63)).first()
    source = _text(given.get("source"), 63)
    if app is None or not source:
        raise Http404
    format_name = given.get("format", AS_SET)
    return Choice(
        app=app,
        source=source,
        reason_code=_text(given.get("reason"), 200),
        ids=tuple(_uuid(text) for text in given.getlist("id")[:MAX_IDS]),
        format=None if format_name == AS_SET else _text(format_name, 50),
    )


def address_of(page: str, choice: Choice) -> str:
    """The address of a page about a choice."""
    values: list[tuple[str, str]] = [("app", choice.app.slug), ("source", choice.source)]
    values += [("reason", choice.reason_code)] if choice.reason_code else []
    values += [("id", line_id) for line_id in choice.ids]
    values += [] if choice.format is None else [("format", choice.format)]
    return f"{reverse(f'admin:{page}')}?{urlencode(values)}"


def source_of(choice: Choice) -> Source | None:
    """The source of a choice, unless it was deleted."""
    return Source.objects.filter(app=choice.app, slug=choice.source).first()


def source_page(request: HttpRequest, choice: Choice) -> str:
    """Where the format of the source is changed; empty where that is not possible."""
    source = source_of(choice)
    if source is None or not request.user.has_perm("ingestion.view_source"):
        return ""
    return reverse("admin:ingestion_source_change", args=[source.pk])


def format_options(choice: Choice) -> list[dict[str, Any]]:
    """Ways to read the lines, with the chosen one marked."""
    source = source_of(choice)
    now = (source.format if source else "") or "detected line by line"
    options = [
        (AS_SET, f"as the source is set now: {now}"),
        *format_choices(published(choice.app.pk)),
    ]
    chosen = AS_SET if choice.format is None else choice.format
    return [
        {"value": value, "words": words, "is_chosen": value == chosen} for value, words in options
    ]


def _text(value: str | None, longest: int) -> str:
    return (value or "").replace("\0", "")[:longest]


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError as error:
        raise Http404 from error
