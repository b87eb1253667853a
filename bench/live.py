"""From the POST of a line to the open page, in Chromium."""

import shutil
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bench.figures import Figure

if TYPE_CHECKING:
    from bench.parts import Run


def live(run: "Run") -> Iterator[Figure]:
    """Median and p95 of 50 lines; nothing where there is no Chromium."""
    from tests.browser.explorer import CHROMIUM, DRIVER, Explorer, Tenant, start_chromium
    from tests.browser.latency import measure_live_latency

    if not (shutil.which(CHROMIUM) and shutil.which(DRIVER)):
        yield Figure(name="POST to the open page", value="no Chromium here")
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        driver = start_chromium(profile)
        try:
            page = Explorer(driver, Tenant(run.stack, "Live"))
            driver.get(f"{page.tenant.url}/healthz")
            session = page.tenant.http.cookies["sessionid"]
            driver.add_cookie({"name": "sessionid", "value": session, "path": "/"})
            page.tenant.send({"message": "before"})
            page.open("&live=1")
            page.until_live()
            found = measure_live_latency(page, posts=15 if run.is_quick else 50)
        finally:
            driver.quit()
    yield Figure(
        name="POST to the open page (Chromium), median / p95",
        value=f"{found.median_ms:.0f} / {found.p95_ms:.0f} ms",
        target="≤ 300 ms",
        is_met=found.median_ms <= 300,
    )
