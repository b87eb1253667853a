"""`/healthz`, `/readyz` and `/metrics`."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django_prometheus.exports import ExportToDjangoView

logger = logging.getLogger(__name__)


def alive(request: HttpRequest) -> JsonResponse:
    """The web process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """Each dependency with its state; 503 unless all work."""
    states = dependency_states()
    is_ready = all(state == "ok" for state in states.values())
    status = {"status": "ok" if is_ready else "degraded", "dependencies": states}
    response = JsonResponse(status, status=200 if is_ready else 503)
    # What is not ready has been logged; Django would add that the service is unavailable.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics: of this process, and of the whole ingest.

    Names of apps and sources are for those who send METRICS_TOKEN as a bearer token.
    """
    from ingestion.metrics import exposition

    response: HttpResponse = ExportToDjangoView(request)
    response.write(exposition(with_names=_has_metrics_token(request)))
    return response


def _has_metrics_token(request: HttpRequest) -> bool:
    expected = settings.ENV.metrics_token
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    is_bearer = scheme.lower() == "bearer"
    return bool(expected) and is_bearer and constant_time_compare(token.strip(), expected)


def dependency_states() -> dict[str, str]:
    """Each dependency: "ok" or "unavailable"."""
    return {name: _state(name, check) for name, check in _CHECKS.items()}


def _state(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except Exception:
        logger.warning("A dependency is not ready", extra={"dependency": name}, exc_info=True)
        return "unavailable"
    return "ok"


def _check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _check_queue() -> None:
    from ingestion import queue

    queue.check_alive()


def _check_queue_data() -> None:
    from ingestion.loss.models import QueueMark
    from ingestion.loss.watch import sentence

    mark = QueueMark.objects.first()
    if mark and (lost := sentence(mark)):
        raise RuntimeError(lost)


def _check_engine() -> None:
    from storage import facade

    facade.check_alive()


def _check_disk() -> None:
    from ingestion import space

    # Without the folder nothing of ours is on a disk here.
    if settings.ENV.data_dir.exists() and space.look().is_short:
        raise RuntimeError("too little free space below DATA_DIR")


_CHECKS: dict[str, Callable[[], None]] = {
    "control_plane": _check_database,
    "queue": _check_queue,
    "queue_data": _check_queue_data,
    "log_engine": _check_engine,
    "disk_space": _check_disk,
}
