"""Templates over HTTP."""

from collections.abc import Callable

import pytest

from logplatform.kernel.templates import pattern_id_of
from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


def test_templates_are_listed(ask_of: Callable[..., Ask]) -> None:
    failed = {"pattern_id": pattern_id_of("job 1 failed")}
    ask = ask_of(
        *({**failed, "message": f"job {n} failed", "severity": 17} for n in range(3)),
        {"message": "all well", "pattern_id": pattern_id_of("all well")},
        {**failed, "app": "bravo", "message": "job 7 failed", "severity": 21},
    )
    body = ask("logs/patterns").json()
    assert set(body) == {"patterns", "total", "distinct", "is_truncated", "took_ms"}
    first = body["patterns"][0]
    assert (first["template"], first["count"], first["level"]) == ("job <*> failed", 3, "ERROR")
    found = ask("logs", q=f"pattern_id:{first['pattern_id']}").json()["results"]
    assert len(found) == 3
    assert not body["is_truncated"]
    rare = ask("logs/patterns", sort="rare", limit=1).json()
    assert [pattern["template"] for pattern in rare["patterns"]] == ["all well"]
    assert rare["is_truncated"]
