"""Static files without Django in between."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from logplatform.static_layer import StaticLayer

NAME = "module.0123456789ab.js"


@pytest.fixture
def layer(tmp_path: Path) -> StaticLayer:
    """A layer over one file, in front of pages that say they were asked."""
    (tmp_path / NAME).write_text("export {};")

    async def pages(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b"pages"})

    with override_settings(
        STATIC_ROOT=str(tmp_path), WHITENOISE_AUTOREFRESH=False, WHITENOISE_USE_FINDERS=False
    ):
        yield StaticLayer(pages)


def ask(
    layer: StaticLayer, path: str, method: str = "GET", **headers: str
) -> tuple[int, Any, bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    given = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    scope = {"type": "http", "path": path, "method": method, "headers": given}
    asyncio.run(layer(scope, None, send))  # type: ignore[arg-type]
    start, body = sent
    return (
        start["status"],
        {name.decode(): text.decode() for name, text in start["headers"]},
        body["body"],
    )


def test_a_file_is_served_with_headers_that_keep_it_a_file(layer: StaticLayer) -> None:
    status, headers, body = ask(layer, f"/static/{NAME}")
    assert (status, body) == (200, b"export {};")
    assert "javascript" in headers["content-type"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none'")


def test_a_known_copy_is_not_sent_again_and_head_sends_no_body(layer: StaticLayer) -> None:
    _, headers, _ = ask(layer, f"/static/{NAME}")
    status, _, body = ask(layer, f"/static/{NAME}", if_modified_since=headers["last-modified"])
    assert (status, body) == (304, b"")
    status, headers, body = ask(layer, f"/static/{NAME}", "HEAD")
    assert (status, headers["content-length"], body) == (200, "10", b"")


@pytest.mark.parametrize("path", ["/static/nothing.js", "/static/../manage.py", "/", "/logs"])
def test_everything_else_goes_to_the_pages(layer: StaticLayer, path: str) -> None:
    assert ask(layer, path)[0] == 418
