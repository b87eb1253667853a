"""Frames of records for tests of the store."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from tests.storage.records import make_frame


@pytest.fixture
def store(clickhouse: None) -> Callable[..., list[str]]:
    """Store records given as dicts; returns their ids in order."""
    from storage import facade
    from tests.storage.records import ids_of

    def write(*rows: dict[str, Any], token: str = "") -> list[str]:
        frame = make_frame(rows)
        facade.write_logs(frame, token=token or sha256(str(rows).encode()).hexdigest())
        return ids_of(frame)

    return write
