"""The explorer for everybody: no serious finding of axe-core in any of its states."""

from collections.abc import Callable

import pytest

from tests.browser.explorer import Explorer


def _lines(page: Explorer) -> None:
    page.until(lambda: page.css(".row:not([hidden])"), "no lines")


def _drawer(page: Explorer) -> None:
    _lines(page)
    page.click(".row:not([hidden])")
    page.until(lambda: page.css("#drawer .tree"), "no drawer")


def _around(page: Explorer) -> None:
    _drawer(page)
    page.click("#drawer [data-pane=around]")
    page.until(lambda: page.css("#drawer .around ol"), "no lines around")


def _raw(page: Explorer) -> None:
    _drawer(page)
    page.click("#drawer [data-pane=json]")


def _menu(name: str) -> Callable[[Explorer], None]:
    def open_menu(page: Explorer) -> None:
        page.click(f"#{name}-button")
        page.until(lambda: page.css(f"#{name}-menu:popover-open"), "no menu")

    return open_menu


def _help(page: Explorer) -> None:
    page.press("?")


def _tab(page: Explorer) -> None:
    page.until(lambda: page.css("#view table, #view .empty"), "no tab")


def _state(page: Explorer) -> None:
    page.until(lambda: page.text("#state h2"), "no state")


STATES: dict[str, tuple[str, Callable[[Explorer], None]]] = {
    "lines": ("", _lines),
    "wrapped": ("&wrap=1&roomy=1&columns=service,status,message&words=line", _lines),
    "drawer": ("", _drawer),
    "around": ("", _around),
    "raw": ("", _raw),
    "view": ("", _menu("view")),
    "searches": ("", _menu("searches")),
    "export": ("", _menu("export")),
    "range": ("", _menu("range")),
    "help": ("", _help),
    "patterns": ("&tab=patterns", _tab),
    "changes": ("&tab=changes", _tab),
    "nothing found": ("&q=service:shp zebra", _state),
    "unreadable": ('&q="oops', _state),
}


@pytest.mark.parametrize("state", STATES)
def test_no_serious_finding(page: Explorer, state: str) -> None:
    query, prepare = STATES[state]
    levels = ["trace", "debug", "info", "warn", "error", "fatal"]
    page.tenant.send(
        *(
            {"message": f"line {n}", "level": level, "service": "shop", "status": 200 + n}
            for n, level in enumerate(levels)
        ),
        {"message": "\x1b[31mred\x1b[0m \x1b[32mgreen\x1b[0m", "trace_id": "ab" * 16},
    )
    page.open(query)
    prepare(page)
    for theme in ("light", "dark"):
        page.js("document.documentElement.dataset.theme = arguments[0]", theme)
        page.js("return new Promise((done) => setTimeout(done, 200))")  # colours change gently
        assert page.serious_findings() == []


def test_no_serious_finding_on_a_phone(page: Explorer) -> None:
    page.tenant.send({"message": "one", "level": "error", "service": "shop"})
    with page.device(390, 844):
        page.open()
        _lines(page)
        assert page.serious_findings() == []
        page.click("#facets-button")
        page.until(lambda: page.css("#facets .facet"), "no fields")
        assert page.serious_findings() == []
