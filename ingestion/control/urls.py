"""Addresses of the control plane below /api/v1/."""

from rest_framework.routers import SimpleRouter

from ingestion.control import treatment, views

router = SimpleRouter(trailing_slash=False)
router.register("apps", views.AppView, basename="app")
router.register("sources", views.SourceView, basename="source")
router.register("keys", views.KeyView, basename="key")
router.register("retention", views.RetentionView, basename="retention")
router.register("redaction", treatment.RulesView, basename="redaction")
router.register("tags", treatment.TagView, basename="tag")
router.register("tables", treatment.TableView, basename="table")

urlpatterns = router.urls
