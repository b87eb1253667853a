"""The look and the side bar of the admin, in plain words."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _may(*rights: str) -> Callable[[HttpRequest], bool]:
    """Whether the person has one of the rights."""

    def check(request: HttpRequest) -> bool:
        return any(request.user.has_perm(right) for right in rights)

    return check


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_superuser)


def _item(
    title: str, icon: str, url: str, permission: Callable[[HttpRequest], bool]
) -> dict[str, Any]:
    link = reverse_lazy(url)
    return {
        "title": title,
        "icon": icon,
        "link": link,
        "permission": permission,
        "active": lambda request: _best_match(request.path) == str(link),
    }


def _best_match(path: str) -> str:
    """The link of the side bar that leads nearest to the page."""
    links = [str(item["link"]) for group in _NAVIGATION for item in group["items"]]
    return max((link for link in links if path.startswith(link)), key=len, default="")


_NAVIGATION: list[dict[str, Any]] = [
    {
        "items": [
            _item("Overview", "monitor_heart", "admin:index", lambda request: True),
            _item("Explore logs", "search", "explorer", lambda request: True),
            _item("See dashboards", "monitoring", "dashboards", lambda request: True),
            _item("Watch sources", "sensors", "sources", lambda request: True),
        ]
    },
    {
        "title": "Logs",
        "separator": True,
        "items": [
            _item(
                "Apps", "deployed_code", "admin:storage_app_changelist", _may("storage.view_app")
            ),
            _item(
                "Sources",
                "input",
                "admin:ingestion_source_changelist",
                _may("ingestion.view_source"),
            ),
            _item(
                "API keys",
                "key",
                "admin:ingestion_apikey_changelist",
                _may("ingestion.view_apikey"),
            ),
            _item(
                "Not stored", "block", "admin:ingestion_quarantine", _may("ingestion.view_source")
            ),
            _item(
                "Receipts",
                "receipt_long",
                "admin:ingestion_receipts",
                _may("ingestion.view_source"),
            ),
            _item(
                "Gaps",
                "rule",
                "admin:ingestion_ledgergap_changelist",
                _may("ingestion.view_ledgergap"),
            ),
        ],
    },
    {
        "title": "Kept by people",
        "separator": True,
        "items": [
            _item(
                "Saved searches",
                "bookmark",
                "admin:analytics_savedsearch_changelist",
                _may("analytics.view_savedsearch"),
            ),
            _item(
                "Dashboards",
                "dashboard",
                "admin:analytics_dashboard_changelist",
                _may("analytics.view_dashboard"),
            ),
        ],
    },
    {
        "title": "What is done to lines",
        "separator": True,
        "items": [
            _item(
                "Log formats",
                "data_object",
                "admin:ingestion_customformat_changelist",
                _may("ingestion.view_customformat"),
            ),
            _item(
                "Redaction",
                "shield_lock",
                "admin:ingestion_sourcerules_changelist",
                _may("ingestion.view_sourcerules"),
            ),
            _item(
                "Tags", "sell", "admin:ingestion_tagrule_changelist", _may("ingestion.view_tagrule")
            ),
            _item(
                "Look-up tables",
                "table",
                "admin:ingestion_lookuptable_changelist",
                _may("ingestion.view_lookuptable"),
            ),
        ],
    },
    {
        "title": "Retention",
        "separator": True,
        "items": [
            _item(
                "Kept for",
                "hourglass_bottom",
                "admin:storage_retentionpolicy_changelist",
                _may("storage.view_retentionpolicy"),
            ),
            _item(
                "Next clean-up",
                "event",
                "admin:storage_retentionpolicy_preview",
                _may("storage.view_retentionpolicy"),
            ),
            _item(
                "Clean-ups",
                "history",
                "admin:storage_retentionrun_changelist",
                _may("storage.view_retentionrun"),
            ),
        ],
    },
    {
        "title": "Administration",
        "separator": True,
        "items": [
            _item("People", "person", "admin:auth_user_changelist", _is_superuser),
            _item("Groups", "group", "admin:auth_group_changelist", _is_superuser),
            _item(
                "Schedules",
                "schedule",
                "admin:django_celery_beat_periodictask_changelist",
                _is_superuser,
            ),
        ],
    },
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Logplatform",
    "SITE_HEADER": "Logplatform",
    "SITE_URL": "/",
    "SITE_ICON": lambda request: static("dashboard/mark.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("dashboard/mark.svg"),
        }
    ],
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "STYLES": [lambda request: static("logplatform/admin.css")],
    "DASHBOARD_CALLBACK": "logplatform.admin_home.overview",
    "SIDEBAR": {"navigation": _NAVIGATION},
    "COLORS": {  # the explorer's tokens (dashboard/css/tokens.css) as the theme's scales
        "base": {
            "50": "#f6f7f8",
            "100": "#eef0f2",
            "200": "#dfe3e7",
            "300": "#c3cad1",
            "400": "#9aa5b1",
            "500": "#59636e",
            "600": "#454e58",
            "700": "#363d46",
            "800": "#262c33",
            "900": "#14171b",
            "950": "#0f1215",
        },
        "primary": {
            "50": "#f0faf8",
            "100": "#e3f1ef",
            "200": "#bfe3de",
            "300": "#8cd3ca",
            "400": "#4fc9bb",
            "500": "#1a9c8f",
            "600": "#0b6e65",
            "700": "#095a53",
            "800": "#0a4742",
            "900": "#153532",
            "950": "#06201d",
        },
    },
}
