"""The page of sources: from nothing to the first line, by mouse and by keyboard."""

import gzip
import json
import subprocess
from datetime import UTC, datetime

import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from tests.browser.corpus import XSS
from tests.browser.explorer import Explorer, Tenant
from tests.installation import Up
from tests.services import wait_until


def open_sources(page: Explorer, query: str = "") -> None:
    page.driver.get(f"{page.tenant.url}/sources?app={page.tenant.slug}{query}")
    page.until(lambda: page.text("#snippet"), "no snippet")


def row(page: Explorer) -> str:
    return page.text("#sources tr")


def paste(command: str) -> None:
    """What a terminal does with a copied command."""
    subprocess.run(["bash", "-c", command], check=True, capture_output=True, timeout=30)


def test_the_first_line_turns_the_light_green(stranger: Explorer, up) -> None:
    """Sign in, issue a key, copy the command, paste it; the page shows it without being touched."""
    stranger.driver.get(f"{stranger.tenant.url}/sources?app={stranger.tenant.slug}")
    stranger.driver.find_element(By.NAME, "username").send_keys(up.first_run["username"])
    stranger.driver.find_element(By.NAME, "password").send_keys(
        up.first_run["password"], Keys.ENTER
    )
    stranger.until(lambda: "Waiting for the first line" in stranger.text("#arrival"), "no light")
    stranger.click("#issue-key")
    stranger.until(lambda: "Bearer lgs_" in stranger.text("#snippet"), "no key in the text")
    grant = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    stranger.driver.execute_cdp_cmd("Browser.grantPermissions", grant)
    stranger.click("#copy-snippet")
    stranger.until(lambda: "copied" in stranger.text(".toast"), "not copied")
    paste(stranger.js("return navigator.clipboard.readText()"))
    stranger.until(lambda: "The first line arrived" in stranger.text("#arrival"), "not green")
    assert stranger.css("#arrival .light.good")
    assert "json" in row(stranger)
    stranger.click("#arrival a")
    stranger.until_shown("My first line")


def test_the_same_by_keyboard(page: Explorer) -> None:
    open_sources(page)
    page.press("j", Keys.TAB)
    page.js("document.getElementById('way-curl').focus()")
    page.press(Keys.ARROW_RIGHT)
    page.until(lambda: "import atexit" in page.text("#snippet"), "arrows do not choose")
    assert "how=python" in page.driver.current_url
    page.press(Keys.ARROW_LEFT)
    page.press(*[Keys.TAB] * 3)
    assert page.js("return document.activeElement.id") == "issue-key"
    page.press(Keys.ENTER)
    page.until(lambda: "Bearer lgs_" in page.text("#snippet"), "no key in the text")
    page.js("document.activeElement.blur()")
    page.press("c")
    page.until(lambda: page.text(".toast"), "c does not copy")
    paste(page.text("#snippet"))
    page.until(lambda: page.css("#arrival .light.good"), "not green")


def test_the_python_text_sends_a_line(page: Explorer) -> None:
    open_sources(page, "&how=python")
    page.click("#issue-key")
    page.until(lambda: '"Bearer lgs_' in page.text("#snippet"), "no key in the text")
    text = page.text("#snippet")
    subprocess.run(["python3", "-c", text], check=True, capture_output=True, timeout=30)
    page.until(lambda: page.css("#arrival .light.good"), "not green")


@pytest.mark.parametrize("name", ["nginx", "vector", "docker", "systemd", "fluent_bit"])
def test_what_a_shipper_puts_on_the_wire_is_stored(up: Up, name: str) -> None:
    """As the HTTP outputs of Vector and Fluent Bit send: many lines, gzip, their content types."""
    tenant = Tenant(up, f"Wire {name}")
    now = datetime.now(UTC)
    lines = {
        "nginx": f'10.0.0.7 - - [{now:%d/%b/%Y:%H:%M:%S} +0000] "GET /a HTTP/1.1" 404 577 "-" "c"',
        "vector": "plain words",
        "docker": json.dumps({"timestamp": now.isoformat(), "message": "up", "service": "shop"}),
        "systemd": json.dumps(
            {"__REALTIME_TIMESTAMP": int(now.timestamp() * 1000), "MESSAGE": "x"}
        ),
        "fluent_bit": json.dumps({"timestamp": now.isoformat(), "log": "started"}),
    }
    is_json = lines[name].startswith("{")
    answer = tenant.sender.post(
        "/api/v1/ingest",
        content=gzip.compress(f"{lines[name]}\n".encode() * 3),
        headers={
            "Content-Type": "application/x-ndjson" if is_json else "text/plain",
            "Content-Encoding": "gzip",
            "User-Agent": "Fluent-Bit" if name in ("systemd", "fluent_bit") else "Vector/0.50.0",
        },
    )
    assert answer.is_success, answer.text
    asked = {"app": tenant.slug, "start": "now-1h"}
    wait_until(lambda: tenant.http.get("/api/v1/logs/stats", params=asked).json()["total"] == 3, 20)


def test_lines_that_cannot_be_read_are_told_with_the_way_to_review_them(page: Explorer) -> None:
    body = '{"message": "whole"}\n{"message": "cut'
    answer = page.tenant.sender.post("/api/v1/ingest?wait=true", content=body)
    assert answer.json()["quarantined"] == 1
    open_sources(page)
    page.until(lambda: page.css("#arrival .light.refused"), "no sign of it")
    page.click("#sources .warned")
    page.until(lambda: "/not-stored/lines/" in page.driver.current_url, "no way to review")


def test_a_source_is_added_and_chosen(page: Explorer) -> None:
    open_sources(page)
    page.press("a")
    page.until(lambda: page.css("#add-dialog[open]"), "a opens nothing")
    page.driver.find_element(By.ID, "add-name").send_keys("Billing", Keys.ENTER)
    page.until(lambda: "Send the first line to Billing" in page.text("#send-title"), "not chosen")
    page.driver.back()
    page.until(lambda: "Web" in page.text("#send-title"), "back does not lead back")


def test_names_are_text_and_stay_within_the_page(page: Explorer) -> None:
    for number, text in enumerate(XSS[::4]):
        name = text.replace("\0", "")[:100]
        page.tenant.create("sources", app=page.tenant.slug, name=name, slug=f"s{number}")
    open_sources(page)
    page.until(lambda: len(page.css("#sources tr")) == len(XSS[::4]) + 1, "not all are shown")
    assert not page.css("#table script, #table img, #table iframe, #table style")
    for width in (390, 1440):
        with page.device(width, 844):
            assert page.js("return document.documentElement.scrollWidth - innerWidth") <= 0
