"""Replays that run when a test says so."""

import pytest

from ingestion.quarantine import replays


@pytest.fixture
def no_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told that a replay waits."""
    monkeypatch.setattr(replays, "_ring", lambda replay: None)
