"""Addresses of the parse API below /api/v1/."""

from django.urls import path

from ingestion.trial import views

urlpatterns = [
    path("parse", views.ParseView.as_view(), name="parse"),
    path("parse/formats", views.FormatsView.as_view(), name="parse-formats"),
    path("parse/patterns", views.PatternsView.as_view(), name="parse-patterns"),
]
