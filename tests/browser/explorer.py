"""The explorer as a person uses it: find, click, type, look."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx
from selenium.common.exceptions import (
    JavascriptException,
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver import Chrome, ChromeOptions, Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
WAIT_S = 30
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# An element may be gone, or not there yet, while one page takes the place of another.
_BETWEEN_PAGES = (JavascriptException, NoSuchElementException, StaleElementReferenceException)
AXE = Path(__file__).parent / "axe" / "axe.min.js"
_SERIOUS = """
const done = arguments[arguments.length - 1];
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
axe.run({runOnly: tags, resultTypes: ["violations"]}).then(({violations}) => done(violations
  .filter(({impact}) => impact === "serious" || impact === "critical")
  .map(({id, nodes}) => `${id}: ${nodes.map(({html, failureSummary}) =>
    `${html.slice(0, 200)} (${failureSummary.slice(0, 300)})`).slice(0, 3).join(" | ")}`)));
"""
T = TypeVar("T")


def start_chromium(profile: str, *, size: tuple[int, int] = (1440, 900)) -> Chrome:
    """A headless browser with a profile of its own; it keeps its log."""
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*_FLAGS, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return Chrome(options=options, service=Service(DRIVER))


class Running(Protocol):
    """A running installation: that of the tests or that of the benchmarks."""

    port: int

    @property
    def first_run(self) -> dict[str, str]:
        """What the first start wrote."""


class Tenant:
    """An app of its own on the running installation, made through the API."""

    def __init__(self, up: Running, name: str) -> None:
        self.url = f"http://localhost:{up.port}"
        self.http = httpx.Client(base_url=self.url, timeout=30)
        self._sign_in(up.first_run)
        self.slug = self.create("apps", name=name)["slug"]
        source = self.create("sources", app=self.slug, name="Web")
        self.key = self.create("keys", source=source["id"], name="test", scopes=["ingest"])["key"]
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/x-ndjson"}
        self.sender = httpx.Client(base_url=self.url, timeout=30, headers=headers)

    def _sign_in(self, first: dict[str, str]) -> None:
        self.http.get("/login")
        given = {"username": first["username"], "password": first["password"]}
        self.http.post("/login", data={**given, **self._token()})

    def _token(self) -> dict[str, str]:
        return {"csrfmiddlewaretoken": self.http.cookies["csrftoken"]}

    def create(self, what: str, **fields: object) -> dict[str, Any]:
        """What a POST to the API as the person made."""
        answer = self.post(what, **fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def post(self, what: str, **fields: object) -> httpx.Response:
        """POST to the API as the person."""
        headers = {"X-CSRFToken": self.http.cookies["csrftoken"], "Origin": self.url}
        return self.http.post(f"/api/v1/{what}", json=fields, headers=headers)

    def send(self, *records: dict[str, object], is_awaited: bool = True) -> None:
        """Post lines; by default until they are stored."""
        body = "\n".join(json.dumps(record) for record in records)
        path = f"/api/v1/ingest{'?wait=true' if is_awaited else ''}"
        answer = self.sender.post(path, content=body)
        assert answer.is_success, answer.text


class Explorer:
    """One browser on one app."""

    def __init__(self, driver: Chrome, tenant: Tenant) -> None:
        self.driver, self.tenant = driver, tenant

    # Going places

    def open(self, query: str = "") -> None:
        """Load the explorer of the tenant and wait for its first answer."""
        self.driver.get(f"{self.tenant.url}/?app={self.tenant.slug}{query}")
        self.until(lambda: self.css("#progress[hidden]"), "the first answer did not come")

    def search(self, q: str) -> None:
        """Type a query and press Enter."""
        field = self.driver.find_element(By.ID, "q")
        field.clear()
        field.send_keys(q, Keys.ENTER)

    def press(self, *keys: str) -> None:
        """Keys without a field."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def click(self, selector: str) -> None:
        """Click what is shown under the selector."""

        def click() -> bool:
            found = self.css(selector)
            if found:
                found[0].click()
            return bool(found)

        self.until(click, f"no {selector}")

    # Looking

    def css(self, selector: str) -> list[WebElement]:
        """Elements by CSS selector."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def js(self, script: str, *arguments: object) -> Any:
        """Run a script in the page."""
        return self.driver.execute_script(script, *arguments)

    def messages(self) -> list[str]:
        """Messages of the rows that are painted, from top to bottom."""
        return self.js(
            "return [...document.querySelectorAll('.row:not([hidden])')]"
            ".sort((a, b) => a.dataset.index - b.dataset.index)"
            ".map((row) => row.querySelector('.message').textContent)"
        )

    def text(self, selector: str) -> str:
        """The text of one element as it is read; nothing if it is hidden."""
        script = (
            "const found = document.querySelector(arguments[0]);"
            "return found?.checkVisibility() ? found.innerText : ''"
        )
        return self.js(script, selector)

    def until(self, condition: Callable[[], T], why: str) -> T:
        """Poll until the condition holds; its value."""
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                if found := condition():
                    return found
            except _BETWEEN_PAGES:
                pass
            if time.monotonic() > deadline:
                raise AssertionError(f"{why}\n{self.text('body')[:2000]}\n{self.log()}")
            time.sleep(0.03)

    def until_shown(self, message: str) -> None:
        """Wait for a row."""
        self.until(lambda: message in self.messages(), f"{message!r} is not shown")

    def until_live(self) -> None:
        """Wait until the live connection stands."""
        self.until(lambda: self.css("#live-button[data-link=on]"), "not live")

    def log(self) -> list[dict[str, Any]]:
        """What the browser wrote since it was asked last."""
        return self.driver.get_log("browser")

    def problems(self) -> list[str]:
        """Script errors and violations of the content security policy."""
        return [
            entry["message"]
            for entry in self.log()
            if entry["source"] in ("javascript", "security")
            or "Content Security Policy" in entry["message"]
        ]

    def serious_findings(self) -> list[str]:
        """What axe-core calls serious or critical on the page as it is now."""
        self.js(AXE.read_text() + "\n;return null")
        found: list[str] = self.driver.execute_async_script(_SERIOUS)
        return found

    def resize(self, width: int, height: int) -> None:
        """Give the page a screen of this size."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 800}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    @contextmanager
    def device(self, width: int, height: int) -> Iterator[None]:
        """A screen of another size, for a while."""
        self.resize(width, height)
        yield
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
