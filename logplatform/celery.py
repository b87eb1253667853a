"""The Celery app: workers drain the ingest queue and run scheduled work."""

import warnings

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import setup_logging, worker_process_init

from logplatform import broker
from logplatform.embedded import ready_files  # noqa: F401 - tells the supervisor
from logplatform.env import die_first, suit_parser_process, use_project_settings

# It is about pickled tasks run as root; ours are JSON.
warnings.simplefilter("ignore", SecurityWarning)
use_project_settings()

app = Celery("logplatform", task_cls="logplatform.bells:Bell")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
broker.use(app)


@setup_logging.connect
def keep_django_logging(**_: object) -> None:
    """Celery sets up no logging when this signal has a receiver: Django's stays."""


@worker_process_init.connect
def load_parsers(**_: object) -> None:
    """Load what drains need once the process has forked: polars must not be loaded before."""
    suit_parser_process()
    die_first()
    from ingestion.assemble import warm_up

    warm_up()
