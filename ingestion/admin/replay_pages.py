"""Replaying and deleting quarantined lines: each shown before it is done."""

import logging
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from ingestion.admin.choosing import address_of, chosen_of, format_options, source_page
from ingestion.models import Replay
from ingestion.quarantine import replays
from ingestion.quarantine.replays import Choice
from logplatform.admin_scope import ModelAdmin, staff_user
from logplatform.kernel.errors import PlatformError
from storage.access import apps_for

logger = logging.getLogger(__name__)

_ALWAYS = ("timestamp", "level", "message")
_COLUMNS = ("timestamp", "level", "service", "host", "logger", "trace_id", "message")


def preview_view(request: HttpRequest, *, model_admin: ModelAdmin) -> HttpResponse:
    """What would be stored now, in columns; POST starts the replay."""
    choice = chosen_of(request, right="ingestion.change_source")
    if request.method == "POST":
        return _start(request, choice)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Replay: what would be stored now",
        "choice": choice,
        "back": _lines_page(choice),
        "source_page": source_page(request, choice),
        "formats": format_options(choice),
    }
    context |= _preview(choice)
    return TemplateResponse(request, "admin/ingestion/replay_preview.html", context)


def replay_view(request: HttpRequest, replay: UUID, *, model_admin: ModelAdmin) -> HttpResponse:
    """How far a replay is; POST cancels it."""
    if not request.user.has_perm("ingestion.view_source"):
        raise PermissionDenied
    found = _replay_of(request, replay)
    if request.method == "POST":
        if not request.user.has_perm("ingestion.change_source"):
            raise PermissionDenied
        replays.cancel_replay(found)
        return redirect("admin:ingestion_replay", found.pk)
    choice = Choice(app=found.app, source=found.source)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Replay of {found.app} / {found.source}",
        "replay": found,
        "reasons": sorted(found.reasons.items(), key=lambda item: -item[1]),
        "lines_page": _lines_page(choice),
        "may_cancel": found.is_active and request.user.has_perm("ingestion.change_source"),
    }
    return TemplateResponse(request, "admin/ingestion/replay.html", context)


def delete_view(request: HttpRequest, *, model_admin: ModelAdmin) -> HttpResponse:
    """How many lines would go; POST deletes them."""
    choice = chosen_of(request, right="ingestion.delete_source")
    if request.method == "POST":
        return _delete(request, choice)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Delete lines that were not stored",
        "choice": choice,
        "back": _lines_page(choice),
    }
    context |= _count(choice)
    return TemplateResponse(request, "admin/ingestion/rejected_delete.html", context)


def _start(request: HttpRequest, choice: Choice) -> HttpResponse:
    try:
        replay = replays.start_replay(choice, user=staff_user(request))
    except PlatformError as error:
        messages.error(request, f"{error.text} {error.advice}")
        return redirect(address_of("ingestion_replay_preview", choice))
    return redirect("admin:ingestion_replay", replay.pk)


def _preview(choice: Choice) -> dict[str, Any]:
    try:
        preview = replays.preview_replay(choice)
    except PlatformError as error:
        return {"problem": f"{error.text} {error.advice}"}
    records = preview.records
    shown = [name for name in _COLUMNS if name in _ALWAYS or any(r[name] for r in records)]
    return {
        "preview": preview,
        "columns": [name.replace("_", " ") for name in shown],
        "rows": [
            {
                "cells": [str(record[name]) for name in shown],
                "attributes": sorted(record["attributes"].items()),
            }
            for record in records
        ],
    }


def _count(choice: Choice) -> dict[str, Any]:
    from storage import facade  # late: starting the web process must not load the engine's client

    try:
        return {"total": facade.count_rejects(choice.query())}
    except PlatformError as error:
        return {"problem": error.text}


def _delete(request: HttpRequest, choice: Choice) -> HttpResponse:
    from storage import facade

    query = choice.query()
    try:
        replays.check_no_replay(query)
        deleted = facade.delete_rejects(query)
    except PlatformError as error:
        messages.error(request, f"{error.text} {error.advice}")
        return redirect(_lines_page(choice))
    text = f"Deleted {deleted} quarantined lines of {choice.source}."
    person = staff_user(request).pk
    LogEntry.objects.log_actions(person, [choice.app], CHANGE, text, single_object=True)
    logger.info("Quarantined lines deleted", extra={"app": choice.app.slug, "lines": deleted})
    messages.success(request, text)
    return redirect("admin:ingestion_quarantine")


def _lines_page(choice: Choice) -> str:
    plain = Choice(app=choice.app, source=choice.source, reason_code=choice.reason_code)
    return address_of("ingestion_quarantine_lines", plain)


def _replay_of(request: HttpRequest, replay_id: UUID) -> Replay:
    found = Replay.objects.select_related("app", "created_by")
    replay = found.filter(pk=replay_id, app__in=apps_for(staff_user(request))).first()
    if replay is None:
        raise Http404
    return replay
