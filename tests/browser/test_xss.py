"""Log text is text: whatever it holds, nothing of it runs and the page keeps its elements."""

from datetime import UTC, datetime, timedelta

from selenium.webdriver import Keys
from selenium.webdriver.support.expected_conditions import alert_is_present

from tests.browser.corpus import XSS
from tests.browser.explorer import Explorer

_ELEMENTS = """
const foreign = "script:not([src]):not([type='application/json']), img, iframe, object, embed,"
  + "video, audio, base, meta[http-equiv], style, a[href^='javascript:' i], math, marquee,"
  + "input[autofocus]";
const handlers = [...document.querySelectorAll("*")]
  .filter((e) => e.getAttributeNames().some((name) => name.startsWith("on")));
return document.querySelectorAll(foreign).length + handlers.length;
"""


def payload_records() -> list[dict[str, object]]:
    return [
        {
            "message": f"{text} #{n}",
            "service": text,
            "host": text,
            "logger": text,
            "trace_id": text[:64],
            "attributes": {"value": text},
            f"key {text}": "v",
            "user_agent": text,
        }
        for n, text in enumerate(XSS)
    ]


def changing_records() -> list[dict[str, object]]:
    """Some of the corpus has come lately, over lines that always come."""
    before = (datetime.now(UTC) - timedelta(minutes=20)).isoformat()
    steady: dict[str, object] = {"message": "steady work", "service": "web"}
    return [steady | {"timestamp": before}] * 200 + [steady] * 200 + payload_records()[:6] * 40


def test_the_corpus_shows_as_text_everywhere(page: Explorer) -> None:
    assert len(XSS) >= 50
    page.tenant.send(*payload_records())
    page.open()
    page.until(lambda: page.text("#total").startswith(f"{len(XSS)} lines"), "not all are stored")
    before = page.js(_ELEMENTS)
    assert before == 0
    page.click(".row:not([hidden])")
    for _ in XSS:
        page.press("j")
        page.until(lambda: page.css("#drawer .tree"), "no drawer")
    assert page.js(_ELEMENTS) == 0
    assert not alert_is_present()(page.driver)
    loaded = page.js("return performance.getEntriesByType('resource').map((e) => e.name)")
    assert [url for url in loaded if not url.startswith(page.tenant.url)] == []


def test_the_corpus_through_the_live_tail(page: Explorer) -> None:
    page.tenant.send({"message": "before"})
    page.open("&live=1")
    page.until_live()
    page.tenant.send(*payload_records())
    page.until_shown(f"red #{len(XSS) - 1}")  # the last one, without its terminal codes
    assert page.js(_ELEMENTS) == 0
    assert not alert_is_present()(page.driver)


def test_the_corpus_as_a_query_in_the_address(page: Explorer) -> None:
    from urllib.parse import quote

    page.tenant.send({"message": "before"})
    for text in XSS[::6]:
        page.open(f"&q={quote(text)}")
        assert page.js(_ELEMENTS) == 0
    assert not alert_is_present()(page.driver)


def test_the_corpus_in_every_panel(page: Explorer) -> None:
    """Fields and values, columns, kinds of messages, changes, lines around, raw, menus, words."""
    from urllib.parse import quote

    page.driver.execute_script("localStorage.clear()")
    page.tenant.send(*payload_records())
    fields = page.tenant.http.get("/api/v1/logs/fields", params={"app": page.tenant.slug})
    names = [one["name"] for one in fields.json()["fields"] if "<" in one["name"]]
    assert names
    columns = ",".join(quote(name.replace("\\", "\\\\").replace(",", "\\,")) for name in names[:15])
    page.open(f"&wrap=1&columns=service,host,{columns},message&words={quote(' '.join(XSS[:9]))}")
    page.until(lambda: page.css("#facets .facet"), "no fields")
    for _ in range(3):
        page.click("#facets [data-act=open]")
    page.click(".row:not([hidden])")
    for pane in ("around", "json", "fields"):
        page.click(f"#drawer [data-pane={pane}]")
        page.until(lambda: page.css("#drawer-body pre, #drawer-body ol"), "no pane")
        assert page.js(_ELEMENTS) == 0
    page.click("#drawer .value")
    assert page.js(_ELEMENTS) == 0
    page.tenant.send(*changing_records())
    for tab in ("patterns", "changes"):
        page.open(f"&tab={tab}")
        page.until(lambda: page.css("#view table"), "no table")
        assert page.js(_ELEMENTS) == 0
    page.search(f'service:"{XSS[0]}"')
    page.click("#searches-button")
    page.until(lambda: page.css("#save-name"), "no menu")[0].send_keys(XSS[8], Keys.ENTER)
    page.until(lambda: XSS[8] in page.text("#saved-searches"), "not saved")
    assert page.js(_ELEMENTS) == 0
    assert not alert_is_present()(page.driver)
