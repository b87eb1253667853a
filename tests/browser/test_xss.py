"""Log text is text: whatever it holds, nothing of it runs and the page keeps its elements."""

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
