"""A format is built on a line by the keyboard alone, tried and published."""

import httpx
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.explorer import Explorer

LINE = "10.0.0.7 | 2026-02-11 06:43:36 | WARN | <b>disk</b> full"


def element(page: Explorer, selector: str) -> WebElement:
    return page.driver.find_element(By.CSS_SELECTOR, selector)


def mark(page: Explorer, start: int, end: int, name: str = "") -> None:
    """Select a part of the line, name it where no name is offered, press Enter."""
    line = element(page, "#id_sample")
    line.send_keys(Keys.HOME, *[Keys.ARROW_RIGHT] * start)
    line.send_keys(Keys.SHIFT, *[Keys.ARROW_RIGHT] * (end - start), Keys.NULL)
    line.send_keys(Keys.ENTER)
    field = page.driver.switch_to.active_element
    if name:
        field.send_keys(Keys.CONTROL, "a", Keys.NULL, name)
    field.send_keys(Keys.ENTER)


def test_a_format_is_built_by_the_keyboard(page: Explorer) -> None:
    tenant = page.tenant
    text = {"Content-Type": "text/plain"}
    sent = httpx.post(
        f"{tenant.url}/api/v1/ingest?wait=true",
        content=f"{LINE}\nanother line",
        headers={**text, "Authorization": f"Bearer {tenant.key}"},
    )
    assert sent.json()["stored"] == 2
    made = tenant._create("formats", app=tenant.slug, name="disk", pattern="<message>")
    page.driver.get(f"{tenant.url}/admin/ingestion/customformat/{made['id']}/change/")
    samples = [each.text for each in page.driver.find_elements(By.CSS_SELECTOR, "#samples option")]
    assert {LINE, "another line"} <= set(samples)
    element(page, "#id_sample").send_keys(LINE)
    mark(page, 0, 8)
    mark(page, 11, 30)
    mark(page, 33, 37)
    mark(page, 40, len(LINE), "message")
    pattern = element(page, "#id_pattern").get_attribute("value")
    assert pattern == "<ip> | <time> | <level> | <message>"
    element(page, "[value=try]").send_keys(Keys.ENTER)
    found = element(page, "#found").text
    assert "1 changed" in found
    assert "1 lost" in found
    assert "<b>disk</b> full" in found
    element(page, "[value=case]").send_keys(Keys.ENTER)
    element(page, "[value=publish]").send_keys(Keys.ENTER)
    assert "Version 1 is in use" in element(page, "body").text
