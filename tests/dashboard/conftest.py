"""What tests of pages and live tails share."""

import pytest

from dashboard import consumers


@pytest.fixture(autouse=True)
def _cheap_passwords(settings) -> None:
    """A password that is meant to be slow to try costs seconds here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def quick_recheck(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights are checked again five times a second instead of every ten seconds."""
    monkeypatch.setattr(consumers, "RECHECK_S", 0.2)
