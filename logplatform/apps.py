"""Loads what must exist once Django is set up: the Celery app and the system checks."""

from django.apps import AppConfig


class LogplatformConfig(AppConfig):
    """The wiring of the platform."""

    name = "logplatform"

    def ready(self) -> None:
        from logplatform import celery, checks

        celery.app.set_default()
        checks.register_all()
