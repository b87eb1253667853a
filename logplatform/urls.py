"""All addresses, in one place per room."""

from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from logplatform import dead_ends, health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="api-docs"),
    path("api/v1/", include("ingestion.urls")),
    path("api/v1/", include("analytics.urls")),
    re_path(r"^api/.*$", dead_ends.nothing_in_api),
    path("", include("dashboard.urls")),
]

handler404 = "logplatform.dead_ends.nothing_here"
