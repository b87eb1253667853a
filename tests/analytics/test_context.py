"""The lines around one line over HTTP."""

import pytest

from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


def test_a_line_comes_with_its_neighbours(ask: Ask) -> None:
    third, second, first = ask("logs").json()["results"]
    body = ask(f"logs/{second['id']}/context").json()
    assert {name: body[name] for name in ("before", "record", "after")} == {
        "before": [first],
        "record": second,
        "after": [third],
    }
    alone = ask(f"logs/{second['id']}/context", before=0, after="0").json()
    assert (alone["before"], alone["after"]) == ([], [])


@pytest.mark.parametrize(
    "parameters", [{"before": "501"}, {"after": "-1"}, {"before": "x"}, {"befor": "5"}]
)
def test_numbers_out_of_range_are_refused(ask: Ask, parameters: dict[str, str]) -> None:
    (record,) = ask("logs", limit=1).json()["results"]
    assert ask(f"logs/{record['id']}/context", **parameters).status_code == 400
