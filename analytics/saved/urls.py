"""Addresses of what people keep, below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from analytics.saved import views

router = SimpleRouter(trailing_slash=False)
router.register("searches", views.SearchView, basename="search")
router.register("dashboards", views.DashboardView, basename="dashboard")

_HISTORY = views.HistoryView.as_view({"get": "list", "post": "create", "delete": "clear"})

urlpatterns = [path("searches/history", _HISTORY, name="search-history"), *router.urls]
