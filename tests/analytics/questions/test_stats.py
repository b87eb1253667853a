"""Figures of a query over HTTP."""

import pytest

from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


def test_figures_are_those_of_the_lines(ask: Ask) -> None:
    stats = ask("logs/stats").json()
    assert (stats["total"], stats["by_level"]) == (3, {"INFO": 2, "ERROR": 1})
    assert stats["error_rate"] == pytest.approx(1 / 3, abs=1e-6)
    assert (stats["services"], stats["is_truncated"]) == (2, False)
    more = ask("logs/stats", services=1).json()
    assert (len(more["by_service"]), more["services"], more["is_truncated"]) == (1, 2, True)
    assert stats["first"] == "2026-11-22T10:00:00Z"
