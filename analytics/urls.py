"""Addresses of the search API below /api/v1/."""

from django.urls import URLPattern, URLResolver, include, path

from analytics import export, views
from analytics.question import questions

urlpatterns: list[URLPattern | URLResolver] = [
    path("logs/<uuid:record_id>", views.LogView.as_view(), name="log"),
    path("logs/<uuid:record_id>/context", views.ContextView.as_view(), name="log-context"),
    path("logs/export", export.ExportView.as_view(), name="logs-export"),
    path("", include("analytics.saved.urls")),
    *(
        path(question.path, views.view_of(question).as_view(), name=question.name)
        for question in questions().values()
    ),
]
