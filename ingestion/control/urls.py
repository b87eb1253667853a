"""Addresses of the control plane below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from ingestion.control import activity, formats, treatment, views

router = SimpleRouter(trailing_slash=False)
router.register("apps", views.AppView, basename="app")
router.register("sources", views.SourceView, basename="source")
router.register("keys", views.KeyView, basename="key")
router.register("retention", views.RetentionView, basename="retention")
router.register("redaction", treatment.RulesView, basename="redaction")
router.register("tags", treatment.TagView, basename="tag")
router.register("formats", formats.FormatView, basename="format")
router.register("tables", treatment.TableView, basename="table")

urlpatterns = [
    path("sources/activity", activity.ActivityView.as_view(), name="source-activity"),
    *router.urls,
]
