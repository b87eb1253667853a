"""The dashboard every app has from its first line on; nothing of it is stored."""

from typing import Any

from analytics.saved.panels import Panel

NAME = "Overview"
_ROUTE, _ADDRESS, _SLOW = "http.route", "client_ip", "duration_ms"
_BROWSER, _COUNTRY = "user_agent.name", "client.geo.country_iso_code"
_ERRORS = "level>=error"
_PERCENTILES = [f"{name}:{_SLOW}" for name in ("p50", "p95", "p99")]

# Four quarters, then halves and thirds of the 12 columns; heights in rows of the grid.
_PANELS: tuple[dict[str, Any], ...] = (
    {"id": "lines", "title": "Lines", "kind": "number", "x": 0, "y": 0, "w": 3, "h": 3},
    {"id": "errors", "title": "Errors", "kind": "number", "q": _ERRORS, "x": 3, "w": 3, "h": 3},
    {
        **{"id": "p95", "title": "95th percentile", "kind": "number"},
        **{"metrics": [f"p95:{_SLOW}"], "x": 6, "w": 3, "h": 3},
    },
    {
        **{"id": "visitors", "title": "Addresses", "kind": "number"},
        **{"metrics": [f"unique:{_ADDRESS}"], "x": 9, "w": 3, "h": 3},
    },
    {
        **{"id": "volume", "title": "Volume by level", "kind": "time", "group_by": ["level"]},
        **{"x": 0, "y": 3, "w": 12, "h": 7},
    },
    {
        **{"id": "error-rate", "title": "Errors by service", "kind": "time", "q": _ERRORS},
        **{"group_by": ["service"], "limit": 8, "x": 0, "y": 10, "w": 6, "h": 7},
    },
    {
        **{"id": "latency", "title": "Latency", "kind": "time", "metrics": _PERCENTILES},
        **{"x": 6, "y": 10, "w": 6, "h": 7},
    },
    {
        **{"id": "services", "title": "Top services", "kind": "top", "group_by": ["service"]},
        **{"x": 0, "y": 17, "w": 4, "h": 7},
    },
    {
        **{"id": "endpoints", "title": "Endpoints", "kind": "top", "group_by": [_ROUTE]},
        **{"q": f"_exists_:{_ROUTE}", "x": 4, "y": 17, "w": 4, "h": 7},
    },
    {
        **{"id": "addresses", "title": "IP addresses", "kind": "top", "group_by": [_ADDRESS]},
        **{"q": f"_exists_:{_ADDRESS}", "x": 8, "y": 17, "w": 4, "h": 7},
    },
    {
        **{"id": "browsers", "title": "Browsers", "kind": "top", "group_by": [_BROWSER]},
        **{"q": f"_exists_:{_BROWSER}", "x": 0, "y": 24, "w": 4, "h": 7},
    },
    {
        **{"id": "countries", "title": "Countries", "kind": "top", "group_by": [_COUNTRY]},
        **{"q": f"_exists_:{_COUNTRY}", "x": 4, "y": 24, "w": 4, "h": 7},
    },
    {
        **{"id": "slowest", "title": "Slowest endpoints", "kind": "table"},
        **{"q": f"_exists_:{_ROUTE} _exists_:{_SLOW}"},
        **{"group_by": [_ROUTE], "metrics": [f"p95:{_SLOW}", f"max:{_SLOW}", "count"]},
        **{"order": f"-p95:{_SLOW}", "x": 8, "y": 24, "w": 4, "h": 7},
    },
    {
        **{"id": "templates", "title": "Newest templates", "kind": "table"},
        **{"group_by": ["pattern_id"], "metrics": ["min:timestamp", "count"]},
        **{"order": "-min:timestamp", "x": 0, "y": 31, "w": 12, "h": 8},
    },
)


def overview(app: str) -> dict[str, Any]:
    """The default dashboard of an app, shaped as a stored one without an id."""
    return {
        "id": None,
        "app": app,
        "name": NAME,
        "is_shared": True,
        "owner": "",
        "is_mine": False,
        "range": "1h",
        "refresh_s": 60,
        "panels": [_complete(panel) for panel in _PANELS],
        "updated_at": None,
    }


def _complete(panel: dict[str, Any]) -> dict[str, Any]:
    """With everything a panel can say."""
    shape = Panel(data=panel)
    shape.is_valid(raise_exception=True)
    return dict(shape.validated_data)
