"""Addresses of the search API below /api/v1/."""

from django.urls import URLPattern, URLResolver, include, path

from analytics import export, unusual, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("logs", views.LogListView.as_view(), name="logs"),
    path("logs/histogram", views.HistogramView.as_view(), name="logs-histogram"),
    path("logs/patterns", unusual.PatternsView.as_view(), name="logs-patterns"),
    path("logs/anomalies", unusual.AnomaliesView.as_view(), name="logs-anomalies"),
    path("logs/stats", views.StatsView.as_view(), name="logs-stats"),
    path("logs/export", export.ExportView.as_view(), name="logs-export"),
    path("logs/<uuid:record_id>", views.LogView.as_view(), name="log"),
    path("", include("analytics.saved.urls")),
]
