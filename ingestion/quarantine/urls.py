"""Addresses of the quarantine below /api/v1/."""

from django.urls import path

from ingestion.quarantine import views

urlpatterns = [
    path("quarantine", views.QuarantineView.as_view(), name="quarantine"),
    path("quarantine/lines/<uuid:line>", views.LineView.as_view(), name="quarantine-line"),
    path("quarantine/reasons", views.ReasonsView.as_view(), name="quarantine-reasons"),
    path("quarantine/preview", views.PreviewView.as_view(), name="quarantine-preview"),
    path("quarantine/replay", views.ReplayView.as_view(), name="quarantine-replay"),
    path("quarantine/replays", views.ReplayListView.as_view(), name="quarantine-replays"),
    path(
        "quarantine/replays/<uuid:replay>",
        views.ReplayDetailView.as_view(),
        name="quarantine-replay-show",
    ),
    path(
        "quarantine/replays/<uuid:replay>/cancel",
        views.ReplayCancelView.as_view(),
        name="quarantine-replay-cancel",
    ),
]
