"""Every error of the API has one shape and never shows its inside."""

import pytest
import redis
from django.core.exceptions import TooManyFieldsSent
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions

from logplatform.api_errors import handle
from logplatform.kernel.errors import PlatformError


class TeapotError(PlatformError):
    """An error for these tests."""

    code = "teapot"
    status = 418
    message = "The {vessel} is short and stout."
    hint = "Tip {vessel} over."
    retry_after_s = 3


def test_a_platform_error_shows_its_words_and_data() -> None:
    response = handle(TeapotError(vessel="pot"), {})
    assert response.status_code == 418
    assert response.headers["Retry-After"] == "3"
    error = response.data["error"]
    assert error["code"] == "teapot"
    assert error["message"] == "The pot is short and stout."
    assert error["hint"] == "Tip pot over."
    assert error["data"] == {"vessel": "pot"}


def test_an_unexpected_error_tells_nothing_about_itself(caplog) -> None:
    response = handle(RuntimeError("password is hunter2"), {})
    assert response.status_code == 500
    assert "hunter2" not in str(response.data)
    assert "hunter2" in caplog.text


@pytest.mark.parametrize("error", [OperationalError("locked"), redis.ConnectionError("refused")])
def test_a_service_that_is_away_is_no_mistake_of_ours(error: Exception) -> None:
    response = handle(error, {})
    assert response.status_code == 503
    assert response.data["error"]["code"] == "service_away"
    assert int(response.headers["Retry-After"]) > 0
    assert "refused" not in str(response.data)


def test_framework_errors_get_codes_of_their_own() -> None:
    assert handle(Http404(), {}).data["error"]["code"] == "not_found"
    assert handle(exceptions.NotAuthenticated(), {}).data["error"]["code"] == "not_authenticated"
    many = handle(TooManyFieldsSent(), {}).data["error"]
    assert (many["code"], many["message"]) == (
        "invalid_request",
        "The request has more than 1000 parameters.",
    )
    invalid = handle(exceptions.ValidationError({"days": ["too few"]}), {})
    assert invalid.data["error"]["data"] == {"fields": {"days": ["too few"]}}
