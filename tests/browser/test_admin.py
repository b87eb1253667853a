"""The admin in a browser: alive by itself, reviewing and replaying, usable by everybody."""

import re

import pytest
from selenium.webdriver import Keys
from selenium.webdriver.support.expected_conditions import alert_is_present

from tests.browser.corpus import XSS
from tests.browser.explorer import Explorer

ACCESS = '10.0.0.%d - - [11/Feb/2026:06:43:36 +0000] "GET /cart HTTP/1.1" 200 577 "-" "curl/8"'
LISTS = (
    *("storage/app", "ingestion/source", "ingestion/apikey", "ingestion/sourcerules"),
    *("storage/retentionpolicy", "auth/user", "django_celery_beat/periodictask"),
)
PAGES = (
    *("", "ingestion/source/not-stored/?days=all", "ingestion/source/receipts/"),
    *("ingestion/ledgergap/", "storage/retentionpolicy/preview/", "storage/retentionrun/"),
    *("ingestion/tagrule/", "ingestion/lookuptable/", "auth/group/", "storage/app/add/"),
)


# What a card cuts off; what scrolls inside it is no harm.
_OUT_OF_CARDS = """
return [...document.querySelectorAll(".lp-card")].flatMap((card) => {
  const edge = card.getBoundingClientRect().right;
  return [...card.querySelectorAll("*")]
    .filter((one) => !one.parentElement.closest(".lp-scroll, option, select"))
    .filter((one) => one.getBoundingClientRect().right > edge + 1)
    .map((one) => one.outerHTML.slice(0, 80));
});
"""


def send_refused(page: Explorer, count: int = 4) -> None:
    """Whole JSON, and lines of another kind among it."""
    body = "\n".join(
        ['{"message": "whole"}', *(ACCESS % n for n in range(count)), '{"message": "cut']
    )
    answer = page.tenant.sender.post("/api/v1/ingest?wait=true&format=json", content=body)
    assert answer.json()["quarantined"] == count + 1, answer.text


def go(page: Explorer, path: str) -> None:
    page.driver.get(f"{page.tenant.url}/admin/{path}")


def settle(page: Explorer, theme: str) -> None:
    """The theme of the admin and of our own pages; colours change gently."""
    page.js("document.documentElement.classList.toggle('dark', arguments[0] === 'dark')", theme)
    page.js("document.documentElement.dataset.theme = arguments[0]", theme)
    page.js("return new Promise((done) => setTimeout(done, 250))")


def test_refused_lines_are_reviewed_and_replayed(page: Explorer) -> None:
    send_refused(page)
    page.driver.get(f"{page.tenant.url}/sources?app={page.tenant.slug}")
    page.click("#sources .warned")
    page.until(lambda: "/not-stored/lines/" in page.driver.current_url, "no lines")
    assert "GET /cart" in page.text("body")
    page.click("a.lp-main, button.lp-main")
    page.until(lambda: "/preview/" in page.driver.current_url, "no preview")
    page.click("button.lp-main")
    page.until(lambda: "/replays/" in page.driver.current_url, "not started")
    page.js("window.isSamePage = true")
    page.until(lambda: page.text(".lp-good") == "done", "not done")
    assert page.js("return window.isSamePage"), "progress needs no reload"
    assert page.css("progress[value='100']")
    page.click(".lp-facts a")
    page.until(lambda: any("GET /cart" in text for text in page.messages()), "not stored")


def test_the_same_by_keyboard(page: Explorer) -> None:
    send_refused(page, count=2)
    page.driver.get(f"{page.tenant.url}/sources?app={page.tenant.slug}")
    page.until(lambda: page.css("#sources .warned"), "not told")
    page.js("document.querySelector('#sources .warned').focus()")
    page.press(Keys.ENTER)
    page.until(lambda: "/not-stored/lines/" in page.driver.current_url, "no lines")
    for place in ("/preview/", "/replays/"):
        page.until(lambda: page.css(".lp-main"), "no way on")
        page.js("document.querySelector('.lp-main').focus()")
        page.press(Keys.ENTER)
        page.until(lambda place=place: place in page.driver.current_url, f"not at {place}")
    page.until(lambda: page.text(".lp-good") == "done", "not done")


def test_the_front_page_stays_up_to_date_by_itself(page: Explorer) -> None:
    # The page lists the apps that sent most.
    page.tenant.send(*[{"message": "before"}] * 500)
    go(page, "")
    page.until(lambda: "Workers: work" in page.text(".lp-states"), "no health")
    link = f"a[href*='app={page.tenant.slug}&range']"
    assert page.text(link)
    page.tenant.send({"message": "one"})
    row = f"tr:has({link})"
    page.until(lambda: re.search(r"\b501\b", page.text(row)), "not counted by itself")
    page.click(f"{row} a[href^='/dashboards']")
    page.until(lambda: page.text("[data-id=lines] .big") == "501", "no dashboard")
    page.click(".places a[href^='/admin']")
    page.until(lambda: "/admin/" in page.driver.current_url, "no way back")


def test_schedules_are_told_in_plain_words(page: Explorer) -> None:
    go(page, "django_celery_beat/periodictask/")
    page.until(lambda: "every day at 03:17 UTC" in page.text("#result_list"), "not in words")


def test_names_of_apps_and_sources_are_text_everywhere(page: Explorer) -> None:
    names = [text[:100] for text in XSS[::7] if text.isprintable()]
    for number, name in enumerate(names):
        slug = f"{page.tenant.slug}-{number}"
        page.tenant.create("apps", name=name, slug=slug)
        source = page.tenant.create("sources", app=slug, name=name, slug="web")
        key = page.tenant.create("keys", source=source["id"], name=name, scopes=["ingest"])["key"]
        headers = {"Authorization": f"Bearer {key}"}
        body = "\n".join(["line"] * 50)  # of those who send most, the front page names twelve
        page.tenant.sender.post("/api/v1/ingest?wait=true", content=body, headers=headers)
    for path in (
        "/admin/",
        "/admin/storage/app/",
        "/admin/ingestion/source/",
        "/sources?app=",
        "/",
    ):
        page.driver.get(page.tenant.url + path)
        page.until(lambda: names[1] in page.js("return document.body.textContent"), path)
        assert not page.css("img[src='x'], iframe, object, math, video, base, embed")
        assert not alert_is_present()(page.driver)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_serious_finding_on_any_page_of_the_admin(page: Explorer, theme: str) -> None:
    send_refused(page)
    found: dict[str, list[str]] = {}
    forms: list[str] = []
    for path in (*PAGES, *(f"{name}/" for name in LISTS)):
        go(page, path)
        settle(page, theme)
        found[path] = page.serious_findings()
        changes = page.css("#result_list a[href$='/change/']")
        forms += [changes[0].get_attribute("href").split("/admin/")[1]] if changes else []
    assert len(forms) >= 5
    for path in forms:
        go(page, path)
        settle(page, theme)
        found[path] = page.serious_findings()
    lines_of = f"?app={page.tenant.slug}&source=web"
    for path in (f"lines/{lines_of}", f"preview/{lines_of}&format=access_combined"):
        go(page, f"ingestion/source/not-stored/{path}")
        settle(page, theme)
        found[path] = page.serious_findings()
    assert {path: problems for path, problems in found.items() if problems} == {}


def test_nothing_of_the_admin_is_wider_than_a_phone(page: Explorer) -> None:
    send_refused(page)
    page.tenant.create("apps", name="App-with-a-name-that-has-no-room-on-a-phone")
    refused = f"?app={page.tenant.slug}&source=web"
    lines = [f"ingestion/source/not-stored/{name}/{refused}" for name in ("lines", "preview")]
    with page.device(390, 844):
        for path in (*PAGES, *(f"{name}/" for name in LISTS), *lines):
            go(page, path)
            page.until(lambda: page.text("body"), "no page")
            wide = page.js("return document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, path
            assert page.js(_OUT_OF_CARDS) == [], path
