"""The app that takes logs in."""

from importlib import import_module

from django.apps import AppConfig


class IngestionConfig(AppConfig):
    """Sources, their keys, the door and the queue."""

    name = "ingestion"
    verbose_name = "Sources and keys"

    def ready(self) -> None:
        from ingestion import revocation
        from ingestion.treatment import signals

        import_module("ingestion.openapi")  # its class registers itself
        signals.connect()
        revocation.connect()
