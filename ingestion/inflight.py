"""Bytes of bodies a web process holds at a time, so that its memory has a bound under any load.

One body always gets in, however large, so that a bound below the largest body shuts nobody out.
"""

from types import TracebackType

from ingestion.errors import TooBusy


class Meter:
    """Counts what requests hold together; used by one event loop, so it needs no lock."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._held = 0

    @property
    def held_bytes(self) -> int:
        """What all requests hold now."""
        return self._held

    def share(self, size: int) -> "Share":
        """A share of `size` bytes, held until its block ends; it may grow.

        Raises:
            TooBusy: others hold too much.
        """
        self.take(size, own=0)
        return Share(self, size)

    def take(self, size: int, *, own: int) -> None:
        """Count `size` bytes more for somebody who holds `own`. Raises: TooBusy."""
        if self._held + size > self._limit and self._held > own:
            raise TooBusy()
        self._held += size

    def give_back(self, size: int) -> None:
        """Count `size` bytes less."""
        self._held -= size


class Share:
    """What one request holds."""

    def __init__(self, meter: Meter, size: int) -> None:
        self._meter, self._size = meter, size

    def cover(self, size: int) -> None:
        """Hold `size` bytes at least. Raises: TooBusy."""
        if size > self._size:
            self._meter.take(size - self._size, own=self._size)
            self._size = size

    def __enter__(self) -> "Share":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._meter.give_back(self._size)
