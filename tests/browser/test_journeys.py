"""What people do with the explorer, from signing in to sharing a line."""

from urllib.parse import urlencode

import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from tests.browser.explorer import Explorer


def lines(count: int, **fields: object) -> list[dict[str, object]]:
    return [
        {"message": f"line {n}", "level": "info", "service": "shop", **fields} for n in range(count)
    ]


def test_from_signing_in_to_the_first_line(stranger: Explorer, up) -> None:
    """Sign in, see how to send, send exactly that, see it arrive without touching the page."""
    stranger.driver.get(f"{stranger.tenant.url}/?app={stranger.tenant.slug}")
    assert "/login?next=" in stranger.driver.current_url
    stranger.driver.find_element(By.NAME, "username").send_keys(up.first_run["username"])
    stranger.driver.find_element(By.NAME, "password").send_keys(
        up.first_run["password"], Keys.ENTER
    )
    stranger.until(lambda: "Send the first line" in stranger.text("#state"), "no first-visit state")
    command = f"curl -X POST {stranger.tenant.url}/api/v1/ingest"
    stranger.until(lambda: command in stranger.text("#state pre"), "no command to send with")
    stranger.until_live()
    stranger.tenant.send({"level": "info", "service": "hello", "message": "My first line"})
    stranger.until_shown("My first line")
    assert not stranger.css("#state:not([hidden])")


def test_what_was_sent_is_found(page: Explorer) -> None:
    page.tenant.send(*lines(30), {"message": "gateway timeout", "level": "error", "status": 504})
    page.open()
    page.until(lambda: len(page.messages()) == 31, "not all lines are shown")
    page.search("timeout")
    page.until(lambda: page.messages() == ["gateway timeout"], "not narrowed by a word")
    assert page.text(".row mark") == "timeout"
    page.search("level:error status:>=500")
    page.until(lambda: "level%3Aerror" in page.driver.current_url, "not in the address")
    page.until_shown("gateway timeout")
    page.driver.back()
    page.driver.back()
    page.until(lambda: len(page.messages()) == 31, "the back button does not lead back")


def test_numbers_and_chart_stand_for_the_range(page: Explorer) -> None:
    page.tenant.send(*lines(40), *lines(2, level="error"))
    page.open()
    page.until(lambda: page.text("#total").startswith("42 lines"), "no total")
    assert page.css("#histogram path.bars-INFO")
    assert page.css("#histogram path.bars-ERROR")
    page.click("#levels [data-level=ERROR]")
    page.until(lambda: page.text("#total").startswith("2 lines"), "the level is no filter")


def test_dragging_over_the_chart_zooms_in_and_back_leads_out(page: Explorer) -> None:
    page.tenant.send(*lines(5))
    page.open()
    chart = (
        page.until(lambda: page.css("#histogram path"), "no chart") and page.css("#histogram")[0]
    )
    actions = ActionChains(page.driver).move_to_element_with_offset(chart, -300, 0)
    actions.click_and_hold().move_by_offset(200, 0).release().perform()
    page.until(lambda: "start=" in page.driver.current_url, "no zoom")
    page.until(lambda: "No line matches" in page.text("#state"), "the early part holds lines")
    page.driver.back()
    page.until_shown("line 0")


def test_nothing_found_says_which_clause_killed_it(page: Explorer) -> None:
    page.tenant.send(*lines(3), {"message": "of old", "timestamp": "2015-05-17T10:05:03Z"})
    page.open("&q=zebra")
    page.until(lambda: "Without the search there are 3 lines" in page.text("#state"), "no reason")
    page.open("&q=old")
    page.until(lambda: "1 line outside of this range" in page.text("#state"), "no reason")
    page.click("#state .button.first")
    page.until_shown("of old")


def test_a_query_that_cannot_be_read_is_explained_in_place(page: Explorer) -> None:
    page.tenant.send(*lines(1))
    page.open()
    page.search('timeout "oops')
    page.until(lambda: "expected" in page.text("#query-problem"), "no explanation")
    assert page.text("#query-problem .at") == '"'
    page.search("line")
    page.until(lambda: not page.text("#query-problem"), "the explanation stays")
    page.until_shown("line 0")


def test_a_first_search_that_cannot_be_read_still_offers_values(page: Explorer) -> None:
    page.tenant.send({"message": "one", "level": "error"}, {"message": "two", "level": "info"})
    page.open("&q=level:(error")
    page.until(lambda: "Correct the search" in page.text("#state"), "the error is not told")
    page.until(lambda: "counts of all lines" in page.text("#facet-list"), "no word about counts")
    page.click("#facet-list [data-act=only][data-value=ERROR]")
    page.until(lambda: page.messages() == ["one"], "the click starts no new search")
    page.until(lambda: "counts of all lines" not in page.text("#facet-list"), "the note stays")


@pytest.mark.parametrize(
    "q", ["", "a*b~c 'd' (e OR é) +\"f g\" 100%"], ids=["empty", "odd letters"]
)
def test_the_first_lines_are_asked_once_before_the_scripts_are_there(
    page: Explorer, q: str
) -> None:
    page.tenant.send(*lines(3))
    page.open(f"&{urlencode({'q': q})}" if q else "")
    asked = page.js(
        "return performance.getEntriesByType('resource')"
        ".filter(({name}) => name.includes('/api/v1/logs?'))"
        ".map(({name, initiatorType, startTime}) => [initiatorType, startTime])"
    )
    first_script = page.js("return performance.getEntriesByType('navigation')[0].domInteractive")
    assert [how for how, _ in asked] == ["link"]
    assert asked[0][1] < first_script


def test_a_line_opens_filters_and_can_be_shared(page: Explorer) -> None:
    page.tenant.send(*lines(3), {"message": "the one", "user": {"id": 42}, "odd key": 'a "b" \\c'})
    page.open()
    page.until_shown("the one")
    page.search('"the one"')
    page.until(lambda: page.messages() == ["the one"], "not found")
    page.click(".row:not([hidden])")
    page.until(lambda: "user.id" in page.text("#drawer"), "no drawer")
    record = page.driver.current_url.rsplit("record=", 1)[1]
    page.click('[aria-label="Only lines with this value: odd key"]')
    page.until(lambda: "odd" in page.driver.current_url, "no filter")
    page.until(lambda: page.messages() == ["the one"], "quoting does not survive")
    page.click('[aria-label="Without this value: odd key"]')
    page.until(lambda: "No line matches" in page.text("#state"), "not excluded")
    page.driver.get(f"{page.tenant.url}/logs/{record}")
    page.until(lambda: "the one" in page.text("#drawer .message"), "the link does not open it")
    page.until_shown("the one")
    page.press(Keys.ESCAPE)
    page.until(lambda: not page.css("#drawer:not([hidden])"), "Escape does not close it")


def test_a_link_to_a_line_that_is_not_there_says_so(page: Explorer) -> None:
    page.driver.get(f"{page.tenant.url}/logs/0199a0f0-0000-7000-8000-000000000000")
    page.until(lambda: "This line is not here" in page.text("#state"), "no sentence")


def test_the_keyboard_does_what_a_click_does(page: Explorer) -> None:
    page.tenant.send(*lines(20))
    page.open()
    page.until_shown("line 19")
    page.press("jj")
    page.until(lambda: page.css(".row[aria-selected=true]"), "j selects nothing")
    page.press("e")
    first = page.until(lambda: page.text("#drawer .message"), "e opens nothing")
    page.press("j")
    page.until(lambda: page.text("#drawer .message") not in ("", first), "j does not step")
    page.press(Keys.ESCAPE)
    page.until(lambda: not page.css("#drawer:not([hidden])"), "Escape does not close")
    page.press("?")
    page.until(lambda: "Keys and search words" in page.text("#help"), "no help")
    page.press(Keys.ESCAPE)
    page.press("/")
    page.until(lambda: page.js("return document.activeElement.id") == "q", "/ does not focus")


def test_ten_thousand_lines_scroll_with_few_elements(page: Explorer) -> None:
    page.tenant.send(*lines(10_000))
    page.open()
    page.until_shown("line 9999")

    def scroll_on() -> bool:
        page.js("const l = document.getElementById('list'); l.scrollTop = l.scrollHeight")
        return "line 0" in page.messages()

    page.until(lambda: page.text("#foot"), "no footer")
    for _ in range(4):
        if page.until(lambda: scroll_on() or "10\u202f000 lines" in page.text("#foot"), "stuck"):
            break
    assert len(page.css(".row")) < 100


@pytest.mark.parametrize(("width", "height"), [(390, 844), (768, 1024), (1440, 900), (3840, 2160)])
def test_nothing_is_wider_than_the_screen(page: Explorer, width: int, height: int) -> None:
    page.tenant.send({"message": "x" * 5000, "service": "y" * 300, "key" * 100: "z" * 5000})
    with page.device(width, height):
        page.open()
        page.until_shown("x" * 2000 + "…")
        page.click(".row:not([hidden])")
        page.until(lambda: page.css("#drawer .tree"), "no drawer")
        for theme in ("light", "dark"):
            page.js("document.documentElement.dataset.theme = arguments[0]", theme)
            wide = page.js("return document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0


def test_the_theme_is_kept(page: Explorer) -> None:
    page.tenant.send(*lines(1))
    page.open()
    for theme in ("dark", "light"):
        page.click("[popovertarget=account-menu]")
        page.js("document.querySelector(`input[name=theme][value=${arguments[0]}]`).click()", theme)
        page.open()
        assert page.js("return document.documentElement.dataset.theme") == theme
