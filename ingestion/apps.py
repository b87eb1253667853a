"""The app that takes logs in."""

from django.apps import AppConfig


class IngestionConfig(AppConfig):
    """Sources, their keys, the door and the queue."""

    name = "ingestion"
    verbose_name = "Sources and keys"

    def ready(self) -> None:
        from ingestion import (
            openapi,  # noqa: F401  # registers itself
            revocation,
        )
        from ingestion.treatment import signals

        signals.connect()
        revocation.connect()
