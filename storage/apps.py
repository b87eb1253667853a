"""The app that owns what is stored."""

from django.apps import AppConfig


class StorageConfig(AppConfig):
    """Apps, their logs and how long they are kept."""

    name = "storage"
    verbose_name = "Logs and retention"
