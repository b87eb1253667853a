"""Addresses of the search API below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from analytics import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("logs", views.LogListView.as_view(), name="logs"),
    path("logs/histogram", views.HistogramView.as_view(), name="logs-histogram"),
    path("logs/stats", views.StatsView.as_view(), name="logs-stats"),
    path("logs/<uuid:record_id>", views.LogView.as_view(), name="log"),
]
