"""The examples of docs/python-api.md, run as they stand there."""

import doctest
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from storage.logs import FILTERS, LogSet
from tests.factories import make_app, make_user
from tests.invariants.sources import ROOT
from tests.storage.test_patterns import line

PAGE = ROOT / "docs" / "python-api.md"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.django_db
def test_every_example_gives_what_the_page_says(store: Callable[..., list[str]]) -> None:
    make_app("shop")
    slow = {"path": "/pay", "status": "504", "duration_ms": "5003"}
    rows = [
        (5, "cart opened", "web", 9, {"duration_ms": "12"}),
        (10, "payment timed out", "api", 17, slow),
        (20, "payment refused", "api", 17, {"path": "/pay/1", "status": "502"}),
        (40, "cart opened", "web", 9, {"duration_ms": "31"}),
        (50, "cart cleared", "web", 9, {}),
    ]
    stored = [
        line(text, service=service, severity=severity, attributes=attributes)
        | {"timestamp": NOON + timedelta(minutes=minutes), "app": "shop"}
        for minutes, text, service, severity, attributes in rows
    ]
    store(*stored, stored[0] | {"app": "other"})
    owner = make_user("owner", is_superuser=True)
    found = doctest.testfile(
        str(PAGE),
        module_relative=False,
        globs={"user": owner},
        optionflags=doctest.ELLIPSIS,
        encoding="utf-8",
    )
    assert (found.failed, found.attempted > 20) == (0, True)


def test_every_public_name_is_on_the_page() -> None:
    text = PAGE.read_text()
    public = {
        name
        for name in vars(LogSet)
        if not name.startswith("_") and callable(getattr(LogSet, name))
    }
    missing = {name for name in public if not re.search(rf"\b{name}\(", text)}
    # `all` is for Django's own machinery, `query` for the facade, `suggest` for the search field.
    assert missing <= {"all", "query", "suggest"}, f"Say in {PAGE.name} what these do: {missing}"
    assert all(f"{name}=" in text for name in FILTERS)
