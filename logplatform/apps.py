"""Loads what must exist once Django is set up: the Celery app and the system checks."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class LogplatformConfig(AppConfig):
    """The wiring of the platform."""

    name = "logplatform"

    def ready(self) -> None:
        from logplatform import celery, checks, schedules, sign_in

        celery.app.set_default()
        checks.register_all()
        sign_in.connect()
        beat = apps.get_app_config("django_celery_beat")
        post_migrate.connect(schedules.ensure_schedules, sender=beat)
