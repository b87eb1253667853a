"""Takes the pictures of docs/screens: `python -m tests.browser.screens`.

Those that no page of the docs shows are taken all the same, to be looked at: into a folder that is
named at the end.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests import environment  # noqa: F401  (settings of its own before Django is loaded)
from tests.browser.explorer import Explorer, Tenant, start_chromium
from tests.installation import Up

FOLDER = Path("docs/screens")
OTHERS = Path(tempfile.gettempdir()) / "logplatform-screens"
WIDE, PHONE = (1440, 900), (390, 844)


def shown() -> set[str]:
    """Names of the pictures that a page shows."""
    pages = [*Path().glob("*.md"), *Path("docs").rglob("*.md"), *Path("deploy").glob("*.md")]
    found = (re.findall(r"screens/([\w-]+)\.png", page.read_text()) for page in pages)
    return {name for names in found for name in names}


@contextmanager
def installation() -> Iterator[Up]:
    """A fresh installation that runs until the block ends."""
    with tempfile.TemporaryDirectory(prefix="screens-") as folder:
        up = Up(Path(folder) / "data")
        up.start()
        try:
            yield up
        finally:
            up.stop()


@contextmanager
def traffic(up: Up, tenant: Tenant, *options: str) -> Iterator[None]:
    """Generated lines, until the block ends or `options` are fulfilled."""
    command = [sys.executable, "manage.py", "generate", "--to-api", tenant.url]
    command += ["--key", tenant.key, *options]
    process = subprocess.Popen(command, env=up.environment(), stdout=subprocess.DEVNULL)
    try:
        yield
        if "--count" in options:
            process.wait(120)
    finally:
        process.terminate()
        process.wait()


class Camera:
    """Takes pictures of one page."""

    def __init__(self, page: Explorer) -> None:
        self.page = page
        self._shown = shown()
        OTHERS.mkdir(exist_ok=True)

    def take(self, name: str, *, size: tuple[int, int] = WIDE, theme: str = "light") -> None:
        """One picture of what is shown now."""
        self.page.resize(*size)
        self.page.js("document.documentElement.dataset.theme = arguments[0]", theme)
        counted = "return !document.querySelector('#facets:not([hidden]) .is-stale')"
        self.page.until(lambda: self.page.js(counted), "the fields are not counted")
        self.page.js("return new Promise((done) => setTimeout(done, 600))")
        folder = FOLDER if name in self._shown else OTHERS
        self.page.driver.save_screenshot(str(folder / f"{name}.png"))


def main() -> None:
    """Start everything, make traffic, take all pictures."""
    profile = tempfile.mkdtemp(prefix="screens-chromium-")
    with installation() as up:
        driver = start_chromium(profile)
        page = Explorer(driver, Tenant(up, "Web shop"))
        camera = Camera(page)
        take_first_visit(page, camera)
        with traffic(up, page.tenant, "--count", "60000", "--over", "11m"):
            pass
        take_search(page, camera)
        take_quarantine(page, camera)
        with traffic(up, page.tenant, "--rate", "150"):
            take_live(page, camera)
        driver.quit()
    sys.stdout.write(f"Taken; those not in the docs are in {OTHERS}.\n")


def take_first_visit(page: Explorer, camera: Camera) -> None:
    """Signing in, and an app without a line."""
    page.driver.get(f"{page.tenant.url}/login")
    camera.take("login")
    camera.take("login-dark", theme="dark")
    camera.take("login-phone", size=PHONE)
    session = page.tenant.http.cookies["sessionid"]
    page.driver.add_cookie({"name": "sessionid", "value": session, "path": "/"})
    page.resize(*WIDE)
    page.open()
    page.until_live()
    camera.take("first-visit")


def take_search(page: Explorer, camera: Camera) -> None:
    """Searching, one line in full, mistakes, phones."""
    page.open()
    page.until(lambda: again(page).startswith("60.0 k"), "not all lines are stored")
    camera.take("explorer-light")
    camera.take("explorer-dark", theme="dark")
    camera.take("explorer-phone", size=PHONE)
    camera.take("explorer-phone-dark", size=PHONE, theme="dark")
    page.click("#facets-button")
    page.until(lambda: page.css("#facets .facet"), "no fields")
    camera.take("fields-phone", size=PHONE)
    page.resize(*WIDE)
    page.open("&q=level%3E%3Derror")
    page.click(".row:not([hidden])[data-index='4']")
    page.until(lambda: page.css("#drawer .tree"), "no drawer")
    camera.take("drawer-light")
    camera.take("drawer-dark", theme="dark")
    camera.take("drawer-phone", size=PHONE)
    page.resize(*WIDE)
    page.click("#drawer [data-pane=around]")
    page.until(lambda: page.css("#drawer .around ol"), "no lines around")
    camera.take("around-dark", theme="dark")
    take_tabs(page, camera)
    page.open("&q=timeout%20%22connection")
    camera.take("query-error")
    page.open("&q=service%3Apaymnt%20level%3Aerror")
    page.until(lambda: "Did you mean" in page.text("#state"), "no suggestion")
    camera.take("nothing-found")


def take_tabs(page: Explorer, camera: Camera) -> None:
    """Kinds of messages, what changed, columns, completion."""
    page.open("&tab=patterns")
    page.until(lambda: page.css("#view table"), "no kinds")
    camera.take("patterns-light")
    minute = datetime.now(tz=UTC).replace(second=0, microsecond=0) - timedelta(minutes=2)
    span = f"from={minute.isoformat()}&to={(minute + timedelta(seconds=10)).isoformat()}"
    page.open(f"&tab=changes&range=5m&{span.replace('+00:00', 'Z')}")
    page.until(lambda: page.css("#view table"), "nothing changed")
    camera.take("changes-dark", theme="dark")
    columns = "service,http.method,http.path,http.status,duration_ms,message"
    page.open(f"&q=http.status:%3E%3D500&compare=1&range=5m&columns={columns}&words=timeout")
    page.until(lambda: page.css("#histogram .past"), "no comparison")
    camera.take("columns-dark", theme="dark")
    page.open()
    page.press("/")
    page.driver.switch_to.active_element.send_keys("level>=warn http.status:")
    page.until(lambda: page.css("#completion li"), "no suggestions")
    camera.take("completion-light")


def take_quarantine(page: Explorer, camera: Camera) -> None:
    """Lines that were not stored, and what a replay would do with them."""
    line = (
        '10.0.0.%d - - [11/Feb/2026:06:43:%02d +0000] "GET /cart/%d HTTP/1.1" %d 577 "-" "curl/8"'
    )
    lines = [line % (n, n, n, 502 if n % 9 == 0 else 200) for n in range(60)]
    body = "\n".join(['{"message": "the first of a mixed file"}', *lines, '{"message": "cut'])
    assert page.tenant.sender.post("/api/v1/ingest?wait=true", content=body).is_success
    root = f"{page.tenant.url}/admin/ingestion/source/not-stored"
    lines_of = f"?app={page.tenant.slug}&source=web"
    page.driver.get(f"{root}/lines/{lines_of}")
    camera.take("quarantine-lines")
    page.driver.get(f"{root}/preview/{lines_of}&format=access_combined")
    camera.take("replay-preview")


def again(page: Explorer) -> str:
    """The number of lines after another search."""
    page.search("")
    page.js("document.activeElement.blur()")
    page.js("return new Promise((done) => setTimeout(done, 1000))")
    return page.text("#total")


def take_live(page: Explorer, camera: Camera) -> None:
    """Lines running by, and held back."""
    page.open("&live=1&range=5m")
    page.until_live()
    page.js("return new Promise((done) => setTimeout(done, 7000))")
    camera.take("live", theme="dark")
    page.js("document.getElementById('list').scrollTop = 400")
    page.js("return new Promise((done) => setTimeout(done, 3000))")
    camera.take("live-paused")


if __name__ == "__main__":
    main()
