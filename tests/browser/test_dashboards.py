"""Dashboards: the overview every app has, building one's own, sharing it, by mouse and by keys."""

from selenium.webdriver import Keys
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from tests.browser.boards import (
    add_panel,
    drag,
    make_board,
    open_dashboards,
    place,
    titles,
    until_answered,
)
from tests.browser.corpus import XSS
from tests.browser.explorer import Explorer
from tests.browser.members import become_member


def send_traffic(page: Explorer) -> None:
    access = {"client_ip": "10.0.0.7", "path": "/cart/7", "method": "GET", "duration_ms": 31}
    page.tenant.send(
        *({"message": f"GET {n}", "service": "api", "status": 200, **access} for n in range(20)),
        *({"message": "boom", "level": "error", "service": "pay", "status": 500} for _ in range(5)),
    )


def test_the_overview_answers_at_once_and_leads_into_the_explorer(page: Explorer) -> None:
    send_traffic(page)
    open_dashboards(page)
    page.until(lambda: page.text("[data-id=lines] .big") == "25", "no total")
    assert page.text("[data-id=errors] .big") == "5"
    assert page.css("[data-id=volume] canvas")
    assert "pay" in page.text("[data-id=services]")
    assert "10.0.0.7" in page.text("[data-id=addresses]")
    assert "boom" in page.text("[data-id=templates]")
    page.click("[data-id=services] .ranked:nth-child(2) a")
    page.until_shown("boom")
    assert page.driver.find_element(By.ID, "q").get_attribute("value") == "service:pay"


def test_dragging_over_a_chart_zooms_all_panels_and_back_leads_out(page: Explorer) -> None:
    send_traffic(page)
    open_dashboards(page)
    page.until(lambda: page.css("[data-id=volume] canvas"), "no chart")
    drag(page, "[data-id=volume] .u-over", -300, 0)
    page.until(lambda: "start=" in page.driver.current_url, "no zoom")
    page.until(lambda: page.text("[data-id=lines] .big") == "0", "the early part holds lines")
    page.driver.back()
    page.until(lambda: page.text("[data-id=lines] .big") == "25", "back does not lead out")


def test_a_dashboard_is_built_arranged_shared_and_seen_by_another_member(
    page: Explorer, up
) -> None:
    send_traffic(page)
    open_dashboards(page)
    make_board(page, "Shop floor")
    for kind in ("time", "top", "bar", "table", "number", "heat"):
        groups = "" if kind in ("time", "number") else "service"
        add_panel(page, q="level>=info", kind=kind, groups=groups)
    assert page.text("[data-kind=number] .big") == "25"
    before = place(page, "top")
    drag(page, "[data-kind=top] .grip", 600, 0)
    page.until(lambda: place(page, "top")["x"] > before["x"] + 300, "not moved")
    page.until(lambda: "Kept" in page.text(".toast"), "not kept")
    drag(page, "[data-kind=top] .corner", 0, 120)
    page.until(lambda: place(page, "top")["h"] > before["h"] + 60, "not resized")
    page.until(lambda: not page.css("[data-kind=top].is-held"), "still held")
    page.js("return new Promise((done) => setTimeout(done, 500))")
    kept = {title: place(page, title) for title in titles(page)}
    page.click("#board-settings")
    page.click("#set-shared")
    page.click("#set-form .first")
    page.until(lambda: "Every member" in page.text("#board-about"), "not shared")

    page.driver.refresh()
    page.until(lambda: len(page.css(".panel")) == 6, "panels are lost")
    until_answered(page)
    assert {title: place(page, title) for title in titles(page)} == kept
    board = page.driver.current_url
    become_member(page, up)
    page.driver.get(board)
    page.until(lambda: page.text("[data-kind=number] .big") == "25", "the member sees nothing")
    assert "By admin" in page.text("#board-about")
    assert not page.css("#edit:not([hidden]), #board-settings:not([hidden])")
    assert page.css("#copy-board:not([hidden])")


def make_board_of_two(page: Explorer, name: str) -> None:
    """A dashboard with a number and, after it, a top list."""
    send_traffic(page)
    open_dashboards(page)
    make_board(page, name)
    add_panel(page, kind="number")
    add_panel(page, kind="top", groups="service")


def test_panels_are_arranged_by_keys(page: Explorer) -> None:
    make_board_of_two(page, "By keys")
    before = place(page, "number")
    page.js("document.querySelector('[data-kind=number] .grip').focus()")
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    page.until(lambda: place(page, "number")["x"] > before["x"] + 100, "not moved")
    page.js("return new Promise((done) => requestAnimationFrame(done))")
    actions = ActionChains(page.driver).key_down(Keys.SHIFT).send_keys(Keys.ARROW_RIGHT)
    actions.key_up(Keys.SHIFT).perform()
    page.until(lambda: place(page, "number")["w"] > before["w"] + 50, "not resized")
    assert "column 3" in page.js("return document.getElementById('said').textContent")
    page.press(Keys.ARROW_DOWN)
    page.until(lambda: titles(page) == ["top", "number"], "not below the other")
    page.until(
        lambda: page.js("return document.activeElement.className") == "grip editing", "focus lost"
    )
    page.press(Keys.ESCAPE)
    page.until(lambda: "edit=1" not in page.driver.current_url, "Escape does not end it")
    page.press("f")
    page.until(lambda: page.css("body.is-full"), "f shows nothing")
    page.press(Keys.ESCAPE)
    page.until(lambda: not page.css("body.is-full"), "Escape does not lead back")


def test_panels_are_arranged_on_a_phone(page: Explorer) -> None:
    make_board_of_two(page, "By thumb")
    with page.device(390, 844):
        page.click("[data-kind=top] .steps [title^='Move it before']")
        page.until(lambda: titles(page) == ["top", "number"], "not above the other")
        high = place(page, "top")["h"]
        page.click("[data-kind=top] .steps [title='Make it higher']")
        page.until(lambda: place(page, "top")["h"] > high, "not higher")
        page.click("[data-kind=top] .steps [title^='Move it after']")
        page.until(lambda: titles(page) == ["number", "top"], "not below it again")
        assert not page.serious_findings()
    page.until(lambda: not page.css(".toast"), "the toast stays")
    page.driver.refresh()
    until_answered(page)
    assert titles(page) == ["number", "top"]


def test_a_panel_is_changed_copied_and_taken_away(page: Explorer) -> None:
    send_traffic(page)
    open_dashboards(page)
    make_board(page, "Changing")
    add_panel(page, kind="number")
    page.click(".panel header [aria-haspopup]")
    page.click("#panel-menu .item:nth-child(1)")
    page.driver.find_element(By.ID, "panel-q").send_keys('level:error "oops')
    page.click("#panel-form .first")
    page.until(lambda: page.text("#panel-problem .problem"), "a query nobody can read is kept")
    field = page.driver.find_element(By.ID, "panel-q")
    field.clear()
    field.send_keys("level:error", Keys.ENTER)
    page.until(lambda: page.text(".panel .big") == "5", "not changed")
    page.click(".panel header [aria-haspopup]")
    page.click("#panel-menu .item:nth-child(2)")
    page.until(lambda: titles(page) == ["number", "number (copy)"], "not copied")
    page.until(lambda: not page.css(".toast"), "the toast stays")
    page.click(".panel header [aria-haspopup]")
    page.click("#panel-menu .item:nth-child(3)")
    page.until(lambda: titles(page) == ["number (copy)"], "not taken away")


def test_names_and_values_are_text_and_stay_within_the_page(page: Explorer) -> None:
    page.tenant.send(*({"message": text, "service": text, "odd": text} for text in XSS))
    names = [text for text in XSS[::5] if text.isprintable()]
    panels = [
        {"kind": kind, "title": text[:100], "group_by": ["odd"], "y": number * 6}
        for number, (kind, text) in enumerate(
            zip(["time", "top", "bar", "heat"], XSS, strict=False)
        )
    ]
    panels.append({"kind": "table", "title": XSS[5], "group_by": ["odd", "service"], "y": 30})
    panels.append({"kind": "table", "group_by": ["pattern_id"], "y": 40})
    boards = [
        page.tenant.create("dashboards", app=page.tenant.slug, name=name[:100], panels=panels)
        for name in names
    ]
    open_dashboards(page, f"/{boards[-1]['id']}")
    page.until(lambda: len(page.css(".panel")) == len(panels), "not all panels")
    page.until(lambda: len(page.css(".ranked")) == 10, "no list")
    foreign = "main img, main iframe, main script, main style, main object, main math, main video"
    assert not page.css(foreign)
    assert len(page.css("#board-pick option")) == len(names) + 2
    for width in (390, 1440, 3840):
        with page.device(width, 900):
            assert page.js("return document.documentElement.scrollWidth - innerWidth") <= 0


# The answers that hundreds of thousands of values get, without these.
_CHOSEN = """
const ask = window.fetch;
window.fetch = async (url, options) => {
  const answer = await ask(url, options);
  if (!/facets|aggregate/.test(url) || !answer.ok) return answer;
  const changed = {...await answer.json(), chosen: ["service"], chosen_by: "-count"};
  return new Response(JSON.stringify(changed), {headers: answer.headers});
};
"""


def test_a_list_says_that_it_was_chosen(page: Explorer) -> None:
    send_traffic(page)
    script = "Page.addScriptToEvaluateOnNewDocument"
    added = page.driver.execute_cdp_cmd(script, {"source": _CHOSEN})
    try:
        open_dashboards(page)
        words = "Too many to compare each: chosen by how many lines they have"
        page.until(lambda: words in page.text("[data-id=services]"), "the list does not say so")
        assert words not in page.text("[data-id=lines]")
        page.open()
        say = "[aria-label='Values of service'] .none"
        page.until(lambda: "the most frequent were chosen" in page.text(say), "nor do the fields")
        assert page.text("[aria-label='Values of level'] .none") == ""
        assert page.serious_findings() == []
    finally:
        page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
