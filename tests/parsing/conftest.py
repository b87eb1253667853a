"""Fixtures of the parsing tests; no services."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.parsing.ways import FILLER, records


@pytest.fixture(params=["one by one", "as columns"])
def record(request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    """Parses one line, alone or among many: both ways must give the same record."""

    def parse_one(line: bytes | str, **hint: Any) -> dict[str, Any]:
        around = FILLER if request.param == "as columns" else []
        return records([*around, line, *around], **hint)[len(around)]

    return parse_one
