"""Protocols: one module each, found by `http_protocols()`."""

from functools import cache

from ingestion.contracts import HttpProtocol
from logplatform.kernel.plugins import find_plugins


@cache
def http_protocols() -> dict[str, HttpProtocol]:
    """All HTTP protocols by name."""
    return find_plugins(__name__, "PROTOCOL", HttpProtocol)
