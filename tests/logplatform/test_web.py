"""Headers, request ids, errors and origins of the web process."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from logplatform.origins import is_own_origin

pytestmark = pytest.mark.django_db


def test_the_process_says_it_is_alive() -> None:
    response = Client().get("/healthz")
    assert response.json() == {"status": "ok"}


@pytest.mark.usefixtures("valkey", "clickhouse")
def test_ready_names_every_dependency() -> None:
    response = Client().get("/readyz")
    assert response.status_code == 200
    assert set(response.json()["dependencies"]) == {
        *("control_plane", "queue", "queue_data", "log_engine", "disk_space")
    }


def test_a_sane_request_id_is_kept_and_any_other_replaced() -> None:
    kept = Client().get("/healthz", headers={"X-Request-Id": "abc-12345"})
    assert kept["X-Request-Id"] == "abc-12345"
    for bad in ("x", "a b c d e f g h", "x" * 65, "<script>1"):
        replaced = Client().get("/healthz", headers={"X-Request-Id": bad})
        assert replaced["X-Request-Id"] != bad


@pytest.mark.parametrize("path", ["/login", "/api/v1/nothing-here", "/healthz", "/admin/login/"])
def test_answers_are_kept_nowhere_framed_nowhere_and_read_by_no_other_site(path: str) -> None:
    answer = Client().get(path, headers={"Origin": "https://evil.example"})
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert not [name for name in answer.headers if name.startswith("Access-Control-")]


@pytest.mark.parametrize("path", ["/login", "/api/v1/apps", "/admin/login/"])
def test_another_host_name_is_refused(path: str) -> None:
    """Links of a page are made from it, so a forged one would lead elsewhere."""
    answer = Client().get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert b"evil" not in answer.content


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("elevenchars", False),
        ("password1234", False),
        ("twelve-chars", True),
        ("all small letters and blanks", True),
        ("x7" * 64, True),
    ],
)
def test_passwords_are_long_and_not_common(password: str, is_good: bool) -> None:
    try:
        validate_password(password)
    except ValidationError:
        assert not is_good
    else:
        assert is_good


def test_pages_forbid_inline_scripts_and_frames() -> None:
    policy = Client().get("/healthz")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_unknown_api_addresses_answer_in_the_api_shape() -> None:
    response = Client().get("/api/v1/nothing-here")
    assert response.status_code == 404
    error = response.json()["error"]
    assert set(error) == {"code", "message", "hint", "data", "request_id"}
    assert error["request_id"] == response["X-Request-Id"]


@pytest.mark.parametrize(
    ("origin", "host", "expected"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("http://127.0.0.1:9000", "127.0.0.1:9000", True),
        ("http://localhost:8001", "localhost:8000", False),
        ("https://localhost:8000", "localhost:8000", False),
        ("http://evil.example", "localhost:8000", False),
        ("http://evil.example", "evil.example", False),
        ("http://localhost.evil.example", "localhost:8000", False),
        ("null", "localhost:8000", False),
        ("", "localhost:8000", False),
        ("http://localhost:x", "localhost:8000", False),
    ],
)
def test_only_our_own_pages_open_websockets(origin: str, host: str, expected: bool) -> None:
    assert is_own_origin(origin, host, is_tls=False) is expected
