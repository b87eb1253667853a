"""Wrong addresses and forms without a token: a page for people, a sentence for programs."""

import pytest
from django.test import Client, override_settings

from tests.factories import Roles

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Client:
    """Checks tokens of forms, as the server does."""
    return Client(enforce_csrf_checks=True)


def test_a_form_without_its_token_is_refused_with_a_page(visitor: Client, roles: Roles) -> None:
    form = {"username": "x", "password": "y"}
    response = visitor.post("/login", form, headers={"Accept": BROWSER})
    assert response.status_code == 403
    assert "Please try that again" in response.content.decode()


@override_settings(DEBUG=False)
def test_a_page_that_is_not_there_says_so(visitor: Client) -> None:
    response = visitor.get("/nowhere", headers={"Accept": BROWSER})
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/ingest", "Did you mean `/api/v1/ingest`? "),
        ("/api/ingest", "Did you mean `/api/v1/ingest`? "),
        ("/api/v1/ingest/", "Did you mean `/api/v1/ingest`? "),
        ("/api/v1/log", "Did you mean `/api/v1/logs`? "),
        ("/api/v1/dashbords", "Did you mean `/api/v1/dashboards`? "),
        ("/nowhere/at/all", ""),
        ("/" + "x" * 5000, ""),
        ("/%00%ff/<script>", ""),
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
@override_settings(DEBUG=False)
def test_a_program_learns_the_nearest_address(
    visitor: Client, method: str, path: str, meant: str
) -> None:
    answer = getattr(visitor, method)(path, content_type="application/json")
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert (error["code"], error["data"]["meant"]) == ("address_not_found", meant)
    assert error["hint"] == f"{meant}/api/docs lists the addresses there are."


@pytest.mark.parametrize(
    "path",
    [
        *("/_bulk", "/logs-app/_bulk", "/loki/api/v1/push", "/v1/logs", "/api/v2/logs", "/gelf"),
        *("/services/collector", "/services/collector/event/1.0", "/insert/jsonline"),
    ],
)
def test_a_shipper_set_up_for_another_product_learns_where_lines_go(
    visitor: Client, path: str
) -> None:
    answer = visitor.post(path, b"{}", content_type="application/json")
    assert answer.status_code == 404
    assert "`/api/v1/ingest`" in answer.json()["error"]["hint"]


def test_a_program_that_posts_to_a_page_is_led_to_the_api(visitor: Client, roles: Roles) -> None:
    answer = visitor.post("/", b'{"message": "x"}', content_type="application/json")
    assert answer.status_code == 403
    error = answer.json()["error"]
    assert error["code"] == "form_token_missing"
    assert "/api/docs" in error["hint"]
