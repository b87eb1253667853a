"""Dashboards as a person uses them."""

from selenium.webdriver import Keys
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from tests.browser.explorer import Explorer


def open_dashboards(page: Explorer, path: str = "", query: str = "") -> None:
    """Load the page and wait until every panel has its answer."""
    page.driver.get(f"{page.tenant.url}/dashboards{path}?app={page.tenant.slug}{query}")
    until_answered(page)


def until_answered(page: Explorer) -> None:
    """Wait for panels that ask."""
    page.until(
        lambda: page.text("#board-about").strip() and not page.css(".panel.is-stale"),
        "panels do not answer",
    )


def titles(page: Explorer) -> list[str]:
    """Titles of panels in the order they are read."""
    return page.js("return [...document.querySelectorAll('.panel h2')].map((e) => e.textContent)")


def place(page: Explorer, title: str) -> dict[str, float]:
    """Where a panel is on the screen, in whole pixels."""
    return page.js(
        "const e = [...document.querySelectorAll('.panel')]"
        ".find((p) => p.querySelector('h2').textContent === arguments[0]);"
        "const b = e.getBoundingClientRect();"
        "return {x: Math.round(b.x), y: Math.round(b.y + scrollY),"
        "w: Math.round(b.width), h: Math.round(b.height)}",
        title,
    )


def make_board(page: Explorer, name: str) -> None:
    """A dashboard of one's own, by keys."""
    page.press("n")
    page.until(lambda: page.css("#new-dialog[open]"), "n opens nothing")
    page.driver.find_element(By.ID, "new-name").send_keys(name, Keys.ENTER)
    page.until(lambda: page.text("#board-name") == name, "not made")
    page.until(lambda: page.text("#empty h2"), "it is not empty")


def add_panel(page: Explorer, *, q: str = "", kind: str = "time", groups: str = "") -> None:
    """A panel from a query, by keys."""
    before = len(page.css(".panel"))
    page.press("a")
    page.until(lambda: page.css("#panel-dialog[open]"), "a opens nothing")
    page.driver.find_element(By.ID, "panel-q").send_keys(q)
    page.js(
        "const s = document.getElementById('panel-kind'); s.value = arguments[0];"
        "s.dispatchEvent(new Event('change'))",
        kind,
    )
    if groups:
        page.driver.find_element(By.ID, "panel-groups").send_keys(groups)
    page.driver.find_element(By.ID, "panel-title").send_keys(kind, Keys.ENTER)
    page.until(lambda: len(page.css(".panel")) == before + 1, "no panel more")
    page.until(lambda: not page.css("#panel-dialog[open]"), "the form stays")
    until_answered(page)


def drag(page: Explorer, selector: str, right: int, down: int) -> None:
    """Press, move in steps, let go."""
    handle = page.until(lambda: page.css(selector), f"no {selector}")[0]
    page.js("arguments[0].scrollIntoView({block: 'center'})", handle)
    actions = ActionChains(page.driver).click_and_hold(handle)
    for _ in range(4):
        actions.move_by_offset(right // 4, down // 4).pause(0.05)
    actions.release().perform()
