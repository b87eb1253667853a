"""The OpenAPI document: every parameter has an example, and nothing in it is a guess."""

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from logplatform.api_examples import parameters_of

# The schema of bodies and filters asks for choices that are rows.
pytestmark = pytest.mark.django_db


def test_every_parameter_has_an_example() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    without = {
        parameter["name"]
        for parameter in parameters_of(schema)
        if not any("value" in example for example in parameter["examples"].values())
    }
    assert not without, f"Give these an example in logplatform/api_examples.py: {without}"


def test_what_may_be_left_away_is_left_away_first() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    of_logs = {one["name"]: one for one in schema["paths"]["/api/v1/logs"]["get"]["parameters"]}
    assert "value" not in next(iter(of_logs["q"]["examples"].values()))
    of_one = schema["paths"]["/api/v1/apps/{slug}"]["get"]["parameters"]
    assert next(iter(of_one[0]["examples"].values()))["value"] == "shop"


def test_no_shape_takes_the_name_of_another() -> None:
    with GENERATOR_STATS.silence():
        GENERATOR_STATS.reset()
        SchemaGenerator().get_schema(request=None, public=True)
        complaints = [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]
    assert not complaints, "Rename these, or name them in ENUM_NAME_OVERRIDES of settings.py."
