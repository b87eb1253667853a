"""Addresses of the control plane below /api/v1/."""

from rest_framework.routers import SimpleRouter

from ingestion.control import views

router = SimpleRouter(trailing_slash=False)
router.register("apps", views.AppView, basename="app")
router.register("sources", views.SourceView, basename="source")
router.register("keys", views.KeyView, basename="key")
router.register("retention", views.RetentionView, basename="retention")

urlpatterns = router.urls
