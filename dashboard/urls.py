"""Addresses of this room."""

from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, URLResolver, path

from dashboard import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.explorer, name="explorer"),
    path("logs/<uuid:log_id>", views.record, name="record"),
    path("dashboards", views.dashboards, name="dashboards"),
    path("dashboards/<int:dashboard_id>", views.dashboards, name="dashboard"),
    path("sources", views.sources, name="sources"),
    path("login", views.Login.as_view(), name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
]
