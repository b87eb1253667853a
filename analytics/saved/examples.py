"""What `/api/docs` shows of saved searches and dashboards. No behaviour."""

from drf_spectacular.utils import OpenApiExample

SEARCH = OpenApiExample(
    "a shared search",
    value={
        "app": "shop",
        "name": "Payment errors",
        "q": "level>=error service:payment",
        "range": "1h",
        "columns": ["service", "attributes.status"],
        "is_shared": True,
    },
    request_only=True,
)
RUN = OpenApiExample(
    "a query", value={"q": "status:>=500", "app": "shop", "range": "15m"}, request_only=True
)
DASHBOARD = OpenApiExample(
    "two panels",
    value={
        "app": "shop",
        "name": "Checkout",
        "range": "24h",
        "refresh_s": 60,
        "panels": [
            {
                "title": "Errors by service",
                "kind": "time",
                "q": "level>=error",
                "group_by": ["service"],
                "metrics": ["count"],
                "x": 0,
                "y": 0,
                "w": 8,
                "h": 7,
            },
            {
                "title": "Slowest routes (ms)",
                "kind": "top",
                "q": "_exists_:http.route",
                "group_by": ["http.route"],
                "metrics": ["p95:duration_ms"],
                "order": "-p95:duration_ms",
                "x": 8,
                "y": 0,
                "w": 4,
                "h": 7,
            },
        ],
    },
    request_only=True,
)
