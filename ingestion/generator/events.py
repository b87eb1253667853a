"""Draws events: which service, what it says, for which user, how long it took."""

import math
import random
from dataclasses import dataclass, replace

from ingestion.generator.services import SERVICES, Service, Template

INCIDENT_EVERY_S = 60
INCIDENT_LASTS_S = 6
_INCIDENT_SHARE = 0.6
_TAIL = 0.7  # sigma of the log-normal durations: p99 is about five times the median
_JOBS = ("send-invoice", "resize-image", "rebuild-index", "export-report", "sync-stock")


@dataclass(slots=True)
class Event:
    """One thing that happened; formats turn it into a line. `at` is in epoch seconds."""

    at: float
    service: str
    host: str
    template: Template
    message: str
    trace_id: str
    user_id: int
    client_ip: str
    path: str
    duration_ms: float
    bytes_sent: int


def incident_at(at: float) -> str:
    """Name of the service that is in trouble at a time; empty for most of each minute."""
    minute, second = divmod(at, INCIDENT_EVERY_S)
    return "" if second >= INCIDENT_LASTS_S else SERVICES[int(minute) % len(SERVICES)].name


class EventSource:
    """Draws events from pools made once, so that an event costs a few microseconds.

    The same seed gives the same events for the same times. Not safe for use by several threads.
    """

    def __init__(self, *, seed: int | None = None, is_http_only: bool = False) -> None:
        self._rng = random.Random(seed)
        services = [_http_part(s) for s in SERVICES] if is_http_only else list(SERVICES)
        self._services = [s for s in services if s.templates for _ in range(s.share)]
        self._ordinary = {s.name: _weighted(s.templates) for s in services}
        self._incidents = {s.name: (s, _weighted(s.incident)) for s in services if s.incident}
        rng = self._rng
        self._factors = [math.exp(rng.gauss(0, _TAIL)) for _ in range(4096)]
        self._users = [int(rng.lognormvariate(7, 1.4)) % 50_000 for _ in range(4096)]
        self._addresses = [_address(rng) for _ in range(512)]

    def event(self, at: float) -> Event:
        """One event of time `at`, in epoch seconds."""
        random_ = self._rng.random
        trouble = self._incidents.get(incident_at(at))
        if trouble and random_() < _INCIDENT_SHARE:
            service, pool = trouble
        else:
            service = self._services[int(random_() * len(self._services))]
            pool = self._ordinary[service.name]
        template = pool[int(random_() * len(pool))]
        return self._fill(at, service, template)

    def _fill(self, at: float, service: Service, template: Template) -> Event:
        bits = self._rng.getrandbits(128)
        low = bits & 0xFFFFFFFF
        duration = round(template.median_ms * self._factors[low & 4095], 1)
        user = self._users[(low >> 12) & 4095]
        address = self._addresses[(low >> 20) & 511]
        order = 1_000_000 + (low >> 3) % 9_000_000
        values = {
            "user": user,
            "ms": duration,
            "order": order,
            "amount": f"{5 + (low % 40_000) / 100:.2f}",
            "ip": address,
            "attempt": 1 + low % 7,
            "rows": low % 5000,
            "job": _JOBS[low % len(_JOBS)],
        }
        return Event(
            at=at,
            service=service.name,
            host=service.hosts[low % len(service.hosts)],
            template=template,
            message=template.message.format_map(values),
            trace_id=f"{bits:032x}",
            user_id=user,
            client_ip=address,
            path=template.path.format_map(values) if template.path else "",
            duration_ms=duration,
            bytes_sent=200 + (low >> 7) % 40_000,
        )


def _http_part(service: Service) -> Service:
    return replace(
        service,
        templates=tuple(t for t in service.templates if t.status),
        incident=tuple(t for t in service.incident if t.status),
    )


def _weighted(templates: tuple[Template, ...]) -> list[Template]:
    return [template for template in templates for _ in range(template.weight)]


def _address(rng: random.Random) -> str:
    first = rng.choice((10, 81, 84, 93, 185, 203))
    return f"{first}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
