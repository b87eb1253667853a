"""What people do in the explorer to find something: count, choose, compare, go on, share."""

import subprocess
import sys

import httpx
import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.action_chains import ActionChains

from tests.browser.explorer import Explorer
from tests.installation import Up

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
VALUE = '#facets [data-act=only][data-field="{}"][data-value="{}"]'
LESS = '#facets [data-act=less][data-field="{}"][data-value="{}"]'


def shop_lines() -> list[dict[str, object]]:
    """A healthy shop with one request that failed."""
    lines: list[dict[str, object]] = [
        {
            "message": f"GET /cart/{n} answered",
            "level": "info",
            "service": "web" if n % 2 else "cart",
            "host": f"node-{n % 3}",
            "http": {"status": 200, "method": "GET"},
            "duration_ms": n,
        }
        for n in range(60)
    ]
    failed = {
        "message": "POST /pay failed: card reader away",
        "level": "error",
        "service": "payment",
        "host": "node-1",
        "http": {"status": 502, "method": "POST"},
        "trace_id": TRACE,
    }
    odd = {"message": "retrying the card", "level": "warn", "service": "payment"}
    return [*lines, {**odd, "trace_id": TRACE}, failed]


@pytest.fixture
def shop(page: Explorer) -> Explorer:
    """The explorer on the lines of a shop."""
    page.driver.execute_script("localStorage.clear()")
    page.tenant.send(*shop_lines())
    page.open()
    page.until(lambda: page.css("#facets .facet"), "no fields")
    return page


def choose(page: Explorer, field: str, value: str) -> None:
    page.click(VALUE.format(field, value))
    page.until(lambda: page.css("#progress[hidden]"), "no answer")


def query(page: Explorer) -> str:
    return page.js("return document.getElementById('q').value")


def test_the_failing_request_is_found_by_fields_only(shop: Explorer) -> None:
    choose(shop, "level", "ERROR")
    shop.until(lambda: query(shop) == "level:error", "the level is not in the query")
    choose(shop, "http.status", "502")
    shop.until(lambda: shop.messages() == ["POST /pay failed: card reader away"], "not found")
    assert query(shop) == "level:error http.status:502"
    choose(shop, "http.status", "502")
    shop.until(lambda: query(shop) == "level:error", "a second click does not take it away")


def test_values_of_a_field_join_and_are_left_out(shop: Explorer) -> None:
    choose(shop, "service", "web")
    shop.until(lambda: shop.text("#total").startswith("30 lines"), "not narrowed")
    shop.until(lambda: shop.css(VALUE.format("service", "cart")), "other values are gone")
    choose(shop, "service", "cart")
    shop.until(lambda: query(shop) == "service:(web OR cart)", "values do not join")
    shop.click(LESS.format("service", "web"))
    shop.until(lambda: query(shop) == "service:cart -service:web", "not left out")
    shop.until(lambda: shop.text("#total").startswith("30 lines"), "not narrowed")
    shop.driver.back()
    shop.until(lambda: query(shop) == "service:(web OR cart)", "the back button does not work")
    alt = ActionChains(shop.driver).key_down(Keys.ALT)
    alt.click(shop.css(VALUE.format("host", "node-1"))[0]).key_up(Keys.ALT).perform()
    shop.until(lambda: query(shop).endswith("-host:node-1"), "Alt does not leave out")


def test_fields_and_values_are_searched_and_fields_become_columns(shop: Explorer) -> None:
    find = shop.css("#facet-find")[0]
    find.send_keys("duration")
    shop.until(lambda: shop.css("#facets [data-act=open][data-field=duration_ms]"), "not found")
    find.clear()
    find.send_keys("paym")
    shop.until(lambda: len(shop.css("#facets [data-act=only]")) == 1, "values are not searched")
    assert shop.css(VALUE.format("service", "payment"))
    find.clear()
    find.send_keys(Keys.SPACE, Keys.BACKSPACE)
    shop.until(lambda: shop.css(VALUE.format("http.status", "502")), "values do not come back")
    shop.click("#facets [data-act=column][data-field='http.status']")
    shop.until(lambda: "columns=" in shop.driver.current_url, "not in the address")
    shop.until(lambda: shop.text(".row .cell + .cell") == "502", "the column is empty")
    shop.click("#head [data-column='http.status']")
    shop.press(Keys.ENTER)  # move left
    heads = "return [...document.querySelectorAll('#head button')].map((b) => b.textContent)"
    shop.until(lambda: shop.js(heads)[0] == "http.status", "not moved")
    shop.driver.refresh()
    shop.until(lambda: shop.js(heads) == ["http.status", "Service", "Message"], "not kept")


def test_the_keyboard_finds_it_too(shop: Explorer) -> None:
    shop.press("F", "502")
    shop.until(lambda: len(shop.css("#facets [data-act=only]")) == 1, "values are not searched")
    active = "return document.activeElement.dataset.value || ''"
    for _ in range(8):
        shop.press(Keys.TAB)
        if shop.js(active) == "502":
            break
    shop.press(Keys.ENTER)
    shop.until(lambda: query(shop) == "http.status:502", "Enter does not choose")
    shop.until(lambda: shop.messages() == ["POST /pay failed: card reader away"], "not found")
    shop.js("document.activeElement.blur()")
    shop.press("e")
    shop.until(lambda: "card reader" in shop.text("#drawer .message"), "e opens nothing")
    shop.press("a")
    shop.until(lambda: "retrying the card" in shop.text("#drawer .around"), "nothing around")
    shop.press("r")
    shop.until(lambda: '"trace_id"' in shop.text("#drawer"), "not raw")
    shop.press(Keys.ESCAPE)
    shop.until(lambda: not shop.css("#drawer:not([hidden])"), "Escape does not close")
    for key, tab in (("2", "patterns"), ("3", "changes"), ("1", "lines")):
        shop.press(key)
        shop.until(lambda t=tab: shop.css(f"#tab-{t}[aria-selected=true]"), f"{key} does nothing")
    shop.press("w")
    shop.until(lambda: "wrap=1" in shop.driver.current_url, "w does not wrap")
    shop.press("c")
    shop.until(lambda: shop.css("#compare[aria-pressed=true]"), "c does not compare")
    shop.press("f")
    shop.until(lambda: not shop.css("#facets:not([hidden])"), "f does not hide the fields")


def test_from_the_chart_to_a_trace_that_another_member_sees(shop: Explorer, up: Up) -> None:
    chart = shop.css("#histogram")[0]
    half = chart.size["width"] // 2
    drag = ActionChains(shop.driver).move_to_element_with_offset(chart, half - 200, 0)
    drag.click_and_hold().move_by_offset(230, 0).release().perform()
    shop.until(lambda: "start=" in shop.driver.current_url, "no zoom")
    shop.until(lambda: shop.css(LESS.format("level", "INFO")), "no fields")
    shop.click(LESS.format("level", "INFO"))
    shop.until(lambda: len(shop.messages()) == 2, "not left out")
    shop.click(".row:not([hidden])")
    shop.until(lambda: shop.css("#drawer .actions .button"), "no drawer")
    shop.click("#drawer .actions .button")
    shop.until(lambda: query(shop) == f"trace_id:{TRACE}", "not the trace")
    shop.until(lambda: len(shop.messages()) == 2, "not all of the trace")
    expected, shared = shop.messages(), shop.driver.current_url
    shop.driver.delete_all_cookies()
    shop.driver.add_cookie({"name": "sessionid", "value": member_session(shop, up), "path": "/"})
    shop.driver.get(shared)
    shop.until(lambda: shop.messages() == expected, "the member sees something else")
    assert query(shop) == f"trace_id:{TRACE}"
    shop.until(lambda: shop.css("#drawer .message"), "the line is not open")


def member_session(page: Explorer, up: Up) -> str:
    """The session of a new member of the page's app."""
    script = f"""
from django.contrib.auth.models import Group, User
from storage.models import App
app, group = App.objects.get(slug="{page.tenant.slug}"), Group.objects.create(name="readers")
app.groups.add(group)
User.objects.create_user("ida", password="reading-logs-1").groups.add(group)
"""
    command = [sys.executable, "manage.py", "shell", "-c", script]
    subprocess.run(command, env=up.environment(), check=True, capture_output=True)
    with httpx.Client(base_url=page.tenant.url) as http:
        http.get("/login")
        given = {"username": "ida", "password": "reading-logs-1"}
        http.post("/login", data={**given, "csrfmiddlewaretoken": http.cookies["csrftoken"]})
        return http.cookies["sessionid"]


def test_searches_are_kept_and_opened_again(shop: Explorer) -> None:
    shop.search("level:error")
    shop.until(lambda: len(shop.messages()) == 1, "not found")
    shop.click("#searches-button")
    name = shop.until(lambda: shop.css("#save-name"), "no menu")[0]
    name.send_keys("What failed", Keys.ENTER)
    shop.until(lambda: "What failed" in shop.text("#saved-searches"), "not saved")
    shop.press(Keys.ESCAPE)
    shop.search("retrying")
    shop.until(lambda: shop.messages() == ["retrying the card"], "not found")
    shop.click("#searches-button")
    shop.until(lambda: "level:error" in shop.text("#recent-searches"), "no recent searches")
    shop.click("#saved-searches .item")
    shop.until(lambda: query(shop) == "level:error", "not opened")
    shop.click("#searches-button")
    shop.click("#saved-searches [aria-label^=Delete]")
    shop.until(lambda: "Really delete?" in shop.text("#saved-searches"), "nothing asked")
    shop.click("#saved-searches [aria-label^=Delete]")
    shop.until(lambda: "None yet" in shop.text("#saved-searches"), "not deleted")
    shop.press(Keys.ESCAPE)
    shop.press("/", Keys.ARROW_UP)
    shop.until(lambda: "retrying" in shop.text("#completion"), "no history by key")


def test_kinds_of_messages_lead_to_their_lines(shop: Explorer) -> None:
    shop.click("#tab-patterns")
    shop.until(lambda: "answered" in shop.text("#view table"), "no kinds")
    shop.click("#view tbody .link")
    shop.until(lambda: query(shop).startswith("pattern_id:"), "no filter")
    shop.until(lambda: shop.text("#total").startswith("60 lines"), "not narrowed")
    assert shop.css("#tab-lines[aria-selected=true]")
    shop.driver.back()
    shop.until(lambda: "tab=patterns" in shop.driver.current_url, "the back button does not work")


def test_a_value_in_a_line_can_be_acted_on(shop: Explorer) -> None:
    shop.search("failed")
    shop.until(lambda: len(shop.messages()) == 1, "not found")
    shop.click(".row:not([hidden])")
    shop.until(lambda: shop.css("#drawer .tree"), "no drawer")
    shop.click("#drawer .tree details .value")  # http.method
    shop.until(lambda: shop.css("#value-menu:popover-open"), "no menu")
    items = [item.text for item in shop.css("#value-menu .item")]
    assert items[0] == "Only lines with this value"
    shop.css("#value-menu .item")[items.index("Show as a column")].click()
    shop.until(lambda: "http.method" in shop.driver.current_url, "no column")
    shop.click("#drawer .tree details .value")
    shop.press(Keys.ENTER)
    shop.until(lambda: query(shop) == "failed http.method:POST", "not kept")


def test_lines_wrap_and_terminal_colours_are_shown(page: Explorer) -> None:
    message = f"\x1b[31mred\x1b[0m {'word ' * 200}end"
    page.tenant.send({"message": message}, *({"message": f"short {n}"} for n in range(300)))
    page.open("&wrap=1&q=end")
    page.until(lambda: page.css(".row:not([hidden])"), "no line")
    assert page.text(".row .fg-1") == "red"
    assert page.js("return document.querySelector('.row:not([hidden])').offsetHeight") > 40
    page.open("&wrap=1")
    page.until_shown("short 299")

    def is_at_end() -> bool:
        page.js("const l = document.getElementById('list'); l.scrollTop = l.scrollHeight")
        return any("end" in text for text in page.messages())

    page.until(is_at_end, "the end is not reached")
    tops = page.js(
        "return [...document.querySelectorAll('.row:not([hidden])')].map((r) => "
        "[r.getBoundingClientRect().top, r.offsetHeight]).sort((a, b) => a[0] - b[0])"
    )
    for (top, height), (following, _) in zip(tops, tops[1:], strict=False):
        assert abs(top + height - following) < 2


# Runs the real list over made-up records: fetching fifty thousand would test the server.
_SCROLL = """
const done = arguments[arguments.length - 1];
const url = [...document.querySelectorAll("link[rel=modulepreload]")]
  .map((link) => link.href).find((href) => /\\/list\\./.test(href));
import(url).then(async ({List}) => {
  const viewport = document.createElement("div");
  viewport.className = "list";
  viewport.style.cssText = "position: fixed; inset: 0; z-index: 99";
  const rows = document.createElement("div");
  rows.className = "rows";
  viewport.append(rows);
  document.body.append(viewport);
  const nothing = () => null;
  const list = new List(viewport, rows, {onOpen: nothing, onNearEnd: nothing, onScroll: nothing});
  const record = (n) => ({id: `made-up-${n}`, timestamp: "2026-02-11T06:43:36.123Z",
    level: "INFO", service: "web", message: `line ${n} ${"x".repeat(n % 300)}`, attributes: {}});
  const look = {columns: ["service", "message"], isWrapped: arguments[0]};
  list.show(Array.from({length: 50000}, (_, n) => record(n)), look);
  const frame = () => new Promise(requestAnimationFrame);
  const slow = [];
  for (let i = 0; i < 60; i += 1) {
    viewport.scrollTop = (viewport.scrollHeight / 60) * i;
    await frame();
    const began = performance.now();
    await frame();
    slow.push(performance.now() - began);
  }
  viewport.scrollTop = viewport.scrollHeight;
  for (let i = 0; i < 10; i += 1) await frame();
  const last = [...rows.querySelectorAll(".row:not([hidden]) .message")].some((one) =>
    one.textContent.startsWith("line 49999 "));
  slow.sort((a, b) => a - b);
  const count = rows.children.length;
  viewport.remove();
  done({last, count, median: slow[30]});
});
"""


@pytest.mark.parametrize("is_wrapped", [False, True])
def test_fifty_thousand_lines_scroll(page: Explorer, *, is_wrapped: bool) -> None:
    page.tenant.send({"message": "one"})
    page.open()
    seen = page.driver.execute_async_script(_SCROLL, is_wrapped)
    assert seen["last"]
    assert seen["count"] < 100
    assert seen["median"] < 100


def test_a_query_is_completed_by_keyboard_and_mouse(shop: Explorer) -> None:
    shop.press("/")
    shop.driver.switch_to.active_element.send_keys("serv")
    shop.until(lambda: "service" in shop.text("#completion"), "no fields are suggested")
    shop.press(Keys.ARROW_DOWN, Keys.TAB)
    shop.until(lambda: query(shop) == "service:", "not completed")
    shop.until(lambda: "payment" in shop.text("#completion"), "no values are suggested")
    option = "return [...document.querySelectorAll('#completion li')].findIndex((li) => " + (
        "li.querySelector('.text').textContent === 'payment')"
    )
    shop.css("#completion li")[shop.js(option)].click()
    shop.until(lambda: query(shop).strip() == "service:payment", "a click does not complete")
    shop.press(Keys.ENTER)
    shop.until(lambda: shop.text("#total").startswith("2 lines"), "not searched")
    colours = "return [...document.querySelectorAll('#ink span')].map((s) => s.className)"
    assert shop.js(colours)[:3] == ["t-field", "t-colon", "t-value"]


def test_an_empty_result_says_which_clause_killed_it(shop: Explorer) -> None:
    shop.search("service:paymen level:error")
    shop.until(lambda: "Did you mean" in shop.text("#state"), "no suggestion")
    assert shop.text("#state .guilty") == "service:paymen"
    shop.click("#state li .button")
    shop.until(lambda: query(shop) == "service:payment level:error", "not corrected")
    shop.until(lambda: len(shop.messages()) == 1, "not found")


def test_what_changed_compares_the_span_that_was_dragged(shop: Explorer) -> None:
    shop.click("#tab-changes")
    shop.until(lambda: shop.css("#view table"), "nothing changed")
    assert "compared with" in shop.text("#view .intro")
    chart = shop.css("#histogram")[0]
    drag = ActionChains(shop.driver).move_to_element_with_offset(chart, 0, 0)
    drag.click_and_hold().move_by_offset(200, 0).release().perform()
    shop.until(lambda: "from=" in shop.driver.current_url, "not in the address")
    shop.until(lambda: "Zoom to this span" in shop.text("#view .intro"), "not compared")
    assert shop.css("#histogram .held:not([hidden])")
    shop.press(Keys.ESCAPE)
    shop.until(lambda: "from=" not in shop.driver.current_url, "Escape does not let go")


def test_every_line_of_a_search_is_downloaded(shop: Explorer) -> None:
    shop.search("service:payment")
    shop.until(lambda: len(shop.messages()) == 2, "not found")
    shop.click("#export-button")
    shop.until(lambda: shop.css("#export-menu a"), "no menu")
    links = [link.get_attribute("href") for link in shop.css("#export-menu a")]
    assert [link.count("format=") for link in links] == [1, 1, 1]
    answer = shop.tenant.http.get(links[0])
    assert [line.count("payment") > 0 for line in answer.text.splitlines()] == [True, True]


def narrow_and_widen(shop: Explorer, name: str, value: str, clause: str) -> None:
    """Look for a field, choose its value, and take it away again."""
    find = shop.css("#facet-find")[0]
    find.send_keys(name)
    shop.until(lambda: shop.css(f"#facets [data-act=open][data-field='{name}']"), "no field")
    shop.click(f"#facets [data-act=open][data-field='{name}']")
    find.clear()
    find.send_keys(Keys.SPACE, Keys.BACKSPACE)
    shop.until(lambda: shop.css(VALUE.format(name, value)), "no values")
    choose(shop, name, value)
    shop.until(lambda: query(shop) == clause, "not in the query")
    shop.until(lambda: len(shop.messages()) == 3, "not found")
    choose(shop, name, value)
    shop.until(lambda: query(shop) == "", "not taken away")


def test_a_field_with_spaces_in_its_name_is_used_like_any_other(shop: Explorer) -> None:
    odd = {"user agent": "curl 8", "a,b": "c", "level": "info"}
    shop.tenant.send(*({**odd, "message": f"asked {n}"} for n in range(3)))
    shop.open()
    shop.until(lambda: shop.css("#facets [data-act=open]"), "no fields")
    narrow_and_widen(shop, "user agent", "curl 8", 'user\\ agent:"curl 8"')
    narrow_and_widen(shop, "a,b", "c", "a,b:c")
    shop.click("#facets [data-act=column][data-field='user agent']")
    shop.until(lambda: "columns=" in shop.driver.current_url, "not in the address")
    shop.until(lambda: "curl 8" in shop.text(".row .cell + .cell"), "the column is empty")
    shop.click("#export-button")
    address = "return document.querySelector('#export-menu a[href*=\"fields=\"]').href"
    assert "user%5C+agent" in shop.js(address)
