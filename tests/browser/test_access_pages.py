"""Sources, dashboards, sign-in and error pages for everybody: no serious finding of axe-core."""

from collections.abc import Callable

import pytest

from tests.browser.boards import open_dashboards
from tests.browser.explorer import Explorer


def _sources(page: Explorer) -> None:
    page.driver.get(f"{page.tenant.url}/sources?app={page.tenant.slug}")
    page.until(lambda: page.text("#snippet"), "no snippet")


def _add_source(page: Explorer) -> None:
    _sources(page)
    page.press("a")
    page.until(lambda: page.css("#add-dialog[open]"), "no dialog")


def _board(page: Explorer) -> str:
    kinds = ("time", "top", "bar", "table", "number", "heat")
    panels = [
        {"kind": kind, "group_by": [] if kind == "number" else ["level"], "y": 8 * number}
        for number, kind in enumerate(kinds)
    ]
    made = page.tenant.create("dashboards", app=page.tenant.slug, name="All kinds", panels=panels)
    return f"/{made['id']}"


def _own(page: Explorer) -> None:
    open_dashboards(page, _board(page), "&edit=1")


def _panel_form(page: Explorer) -> None:
    open_dashboards(page, _board(page))
    page.press("a")
    page.until(lambda: page.css("#panel-dialog[open]"), "no form")


def _settings(page: Explorer) -> None:
    open_dashboards(page, _board(page))
    page.click("#board-settings")


def _help(page: Explorer) -> None:
    open_dashboards(page)
    page.press("?")


def _login(page: Explorer) -> None:
    page.driver.delete_all_cookies()
    page.driver.get(f"{page.tenant.url}/login")
    page.until(lambda: page.css("[name=password]"), "no form")


def _nowhere(page: Explorer) -> None:
    page.driver.get(f"{page.tenant.url}/logs/not-an-id")
    page.until(lambda: page.text("h1"), "no page")
    page.log()


STATES: dict[str, Callable[[Explorer], None]] = {
    "sources": _sources,
    "adding a source": _add_source,
    "overview": open_dashboards,
    "every kind of panel": _own,
    "panel form": _panel_form,
    "settings": _settings,
    "help": _help,
    "sign in": _login,
    "not found": _nowhere,
}


@pytest.mark.parametrize("state", STATES)
def test_no_serious_finding(page: Explorer, state: str) -> None:
    levels = ["trace", "debug", "info", "warn", "error", "fatal"]
    page.tenant.send(
        *({"message": f"line {n}", "level": level} for n, level in enumerate(levels)),
        {"message": "GET /", "client_ip": "10.0.0.7", "duration_ms": 31, "path": "/cart/7"},
    )
    STATES[state](page)
    for theme in ("light", "dark"):
        page.js("document.documentElement.dataset.theme = arguments[0]", theme)
        page.js("return new Promise((done) => setTimeout(done, 300))")
        assert page.serious_findings() == [], theme


@pytest.mark.parametrize("state", ["sources", "every kind of panel"])
def test_no_serious_finding_on_a_phone(page: Explorer, state: str) -> None:
    page.tenant.send({"message": "one", "level": "error", "service": "shop"})
    with page.device(390, 844):
        STATES[state](page)
        assert page.serious_findings() == []
        page.click("[popovertarget=account-menu]")
        page.until(
            lambda: page.css("#account-menu:popover-open .narrow a"), "no way to other pages"
        )
        assert page.serious_findings() == []
