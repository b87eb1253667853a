"""Guessing passwords ends, and nobody is locked out by somebody else."""

from typing import Any

import pytest
from django.test import Client

from logplatform import sign_in
from tests.factories import make_user
from tests.outages import queue_away

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]

GOOD = "a-long-enough-password"


@pytest.fixture(autouse=True)
def ada(settings: Any) -> Any:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return make_user("ada", password=GOOD, is_staff=True)


def gets_in(
    password: str,
    *,
    name: str = "ada",
    address: str = "192.0.2.1",
    path: str = "/login",
    **more: Any,
) -> bool:
    web = Client(REMOTE_ADDR=address)
    given = {"username": name, "password": password}
    return web.post(path, given, **more).status_code == 302


def try_often(count: int, **where: Any) -> None:
    for number in range(count):
        assert not gets_in(f"guess {number}", **where)


@pytest.mark.parametrize("path", ["/login", "/admin/login/"])
def test_after_ten_tries_even_the_right_password_waits(path: str, caplog) -> None:
    try_often(sign_in.MOST_BY_NAME, path=path)
    assert not gets_in(GOOD, path=path)
    assert "Too many tries to sign in" in caplog.text
    assert GOOD not in caplog.text


def test_the_person_elsewhere_is_not_locked_out(valkey) -> None:
    try_often(sign_in.MOST_BY_NAME + 1)
    assert gets_in(GOOD, address="192.0.2.2")
    assert not gets_in(GOOD)
    for key in valkey.keys("lgs:tries:*"):
        assert 0 < valkey.ttl(key) <= sign_in.PERIOD_S
        assert b"ada" not in key
        valkey.delete(key)
    assert gets_in(GOOD)


def test_spelling_the_name_or_the_address_otherwise_does_not_help() -> None:
    for number in range(sign_in.MOST_BY_NAME):
        gets_in("guess", name=["ada", "ADA", "Ada"][number % 3], HTTP_X_FORWARDED_FOR=f"{number}")
    assert not gets_in(GOOD)


def test_one_address_tries_many_names_a_hundred_times(monkeypatch) -> None:
    monkeypatch.setattr(sign_in, "MOST_BY_ADDRESS", 12)
    for number in range(12):
        assert not gets_in("guess", name=f"name {number}")
    assert not gets_in(GOOD)


def test_who_gets_in_begins_anew(monkeypatch) -> None:
    monkeypatch.setattr(sign_in, "MOST_BY_ADDRESS", 3 * sign_in.MOST_BY_NAME)
    for _ in range(3):
        try_often(sign_in.MOST_BY_NAME - 1)
        assert gets_in(GOOD)


def test_without_the_queue_people_get_in() -> None:
    with queue_away():
        assert gets_in(GOOD)
        assert not gets_in("guess")


@pytest.mark.parametrize("path", ["/login", "/admin/login/"])
def test_signing_in_and_out_changes_the_session(path: str) -> None:
    """Who planted a session on somebody, or kept a copy of it, has nothing."""
    web = Client()
    web.cookies["sessionid"] = "planted-by-somebody-else"
    assert web.post(path, {"username": "ada", "password": GOOD}).status_code == 302
    session = web.cookies["sessionid"].value
    assert session != "planted-by-somebody-else"
    assert web.get("/admin/").status_code == 200
    web.post("/admin/logout/")
    copy = Client()
    copy.cookies["sessionid"] = session
    assert copy.get("/admin/").status_code == 302


def test_the_cookie_of_a_session_is_for_our_own_pages_only(settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = True  # as it is where PUBLIC_URL is https
    answer = Client().post("/login", {"username": "ada", "password": GOOD})
    cookie = answer.cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert 0 < int(cookie["max-age"]) <= 14 * 24 * 3600
