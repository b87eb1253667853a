"""Bytes of bodies a web process holds at a time, so that its memory has a bound under any load.

One body always gets in, however large, so that a bound below the largest body shuts nobody out. No
app holds so much that no body of another gets in.
"""

from collections import Counter
from types import TracebackType

from ingestion.errors import TooBusy


class Meter:
    """Counts what requests hold together; used by one event loop, so it needs no lock.

    `spare_bytes` of the limit are for others than the app that holds the rest.
    """

    def __init__(self, limit_bytes: int, *, spare_bytes: int = 0) -> None:
        self._limit, self._spare = limit_bytes, spare_bytes
        self._held = 0
        self._held_by: Counter[str] = Counter()

    @property
    def held_bytes(self) -> int:
        """What all requests hold now."""
        return self._held

    def share(self, size: int, *, app: str = "") -> "Share":
        """A share of `size` bytes, held until its block ends; it may grow.

        Raises:
            TooBusy: others hold too much.
        """
        self.take(size, own=0, app=app)
        return Share(self, size, app)

    def take(self, size: int, *, own: int, app: str) -> None:
        """Count `size` bytes more for a request of `app` that holds `own`. Raises: TooBusy."""
        by_app = self._held_by[app]
        if self._held + size > self._limit and self._held > own:
            raise TooBusy()
        if by_app + size > self._limit - self._spare and by_app > own:
            raise TooBusy()
        self._held += size
        self._held_by[app] += size

    def give_back(self, size: int, *, app: str) -> None:
        """Count `size` bytes less."""
        self._held -= size
        self._held_by[app] -= size
        if not self._held_by[app]:
            del self._held_by[app]


class Share:
    """What one request holds."""

    def __init__(self, meter: Meter, size: int, app: str) -> None:
        self._meter, self._size, self._app = meter, size, app

    def cover(self, size: int) -> None:
        """Hold `size` bytes at least. Raises: TooBusy."""
        if size > self._size:
            self._meter.take(size - self._size, own=self._size, app=self._app)
            self._size = size

    def __enter__(self) -> "Share":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._meter.give_back(self._size, app=self._app)
