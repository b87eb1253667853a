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


def submit(page: Explorer, button: str, told: str) -> None:
    """Press a button and wait for what the next page says."""
    element(page, f"[value={button}]").send_keys(Keys.ENTER)
    page.until(lambda: told in element(page, "body").text, f"the page does not say {told!r}")


def test_a_format_is_built_by_the_keyboard(page: Explorer) -> None:
    tenant = page.tenant
    text = {"Content-Type": "text/plain"}
    sent = httpx.post(
        f"{tenant.url}/api/v1/ingest?wait=true",
        content=f"{LINE}\nanother line",
        headers={**text, "Authorization": f"Bearer {tenant.key}"},
    )
    assert sent.json()["stored"] == 2
    made = tenant.create("formats", app=tenant.slug, name="disk", pattern="<message>")
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
    submit(page, "try", "1 changed")
    found = element(page, "#found").text
    assert "1 lost" in found
    assert "<b>disk</b> full" in found
    submit(page, "case", "passes")
    submit(page, "publish", "Version 1 is in use")
