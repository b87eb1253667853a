"""The app that shows pages."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Pages and live tails."""

    name = "dashboard"
    verbose_name = "Pages"
