"""The default dashboard asks what the API answers."""

import pytest

from analytics.saved.defaults import overview
from analytics.saved.panels import TEMPLATES
from tests.analytics.asking import Ask

pytestmark = pytest.mark.django_db


def test_every_panel_of_the_default_dashboard_is_answered(ask: Ask) -> None:
    for panel in overview("alpha")["panels"]:
        if panel["group_by"] == TEMPLATES:
            assert ask("logs/patterns", q=panel["q"], sort="new").status_code == 200
            continue
        asked = {name: panel[name] for name in ("q", "interval", "limit", "order")}
        asked |= {name: ",".join(panel[name]) for name in ("group_by", "metrics")}
        answer = ask("analytics/aggregate", **asked)
        assert answer.status_code == 200, (panel["id"], answer.content)
        assert answer.json()["metrics"] == panel["metrics"]
