"""The app that answers questions."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """The search API and what is asked of the store."""

    name = "analytics"
    verbose_name = "Analytics"
