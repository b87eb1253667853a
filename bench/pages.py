"""From opening the explorer to its first rows on the screen, over everything that is stored."""

import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bench.caches import forget
from bench.figures import Figure
from bench.stack import Stack

if TYPE_CHECKING:
    from tests.browser.explorer import Explorer

TARGET_MS = 500
_REST_S = 0.5  # what one load left running does not slow the next
# Marks the frame after the first row got its text: what the person sees, not what was asked.
_WATCH = """
new MutationObserver((_, observer) => {
  if (!document.querySelector(".row:not([hidden]) .message")?.textContent) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => performance.mark("rows painted")));
}).observe(document, { childList: true, subtree: true, attributes: true, characterData: true });
"""
_PAINTED = "return performance.getEntriesByName('rows painted')[0]?.startTime"


def page_loads(stack: Stack, *, size: str, is_quick: bool) -> Iterator[Figure]:
    """Median and p95 of loads by somebody signed in, with and without what caches hold."""
    from tests.browser.explorer import CHROMIUM, DRIVER, Explorer, Tenant, start_chromium

    if not (shutil.which(CHROMIUM) and shutil.which(DRIVER)):
        yield Figure(name=f"{size}: first rows painted", value="no Chromium here")
        return
    times = 5 if is_quick else 25
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        driver = start_chromium(profile)
        try:
            page = Explorer(driver, Tenant(stack, "Pages"))
            driver.get(f"{page.tenant.url}/healthz")
            session = page.tenant.http.cookies["sessionid"]
            driver.add_cookie({"name": "sessionid", "value": session, "path": "/"})
            driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _WATCH})
            first = [_load(page, stack, is_first=True) for _ in range(times)]
            again = [_load(page, stack, is_first=False) for _ in range(times)]
        finally:
            driver.quit()
    yield _figure(f"{size}: first rows painted, a page opened before", again)
    yield _figure(f"{size}: first rows painted, nothing in any cache", first)


def _load(page: "Explorer", stack: Stack, *, is_first: bool) -> float:
    """Milliseconds from the start of the navigation to the frame with the first rows."""
    page.driver.get("about:blank")
    if is_first:
        page.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
        forget(stack)
    page.driver.get(f"{page.tenant.url}/?app={stack.first_run['app']}&range=30d")
    painted_ms: float = page.until(lambda: page.js(_PAINTED), "no rows are painted")
    page.until(lambda: page.css(".facet") and not page.css(".is-stale"), "the page never settles")
    time.sleep(_REST_S)
    return painted_ms


def _figure(name: str, samples_ms: list[float]) -> Figure:
    p50_ms = statistics.median(samples_ms)
    p95_ms = sorted(samples_ms)[int(len(samples_ms) * 0.95)]
    return Figure(
        name=f"{name} (Chromium), p50 / p95",
        value=f"{p50_ms:.0f} / {p95_ms:.0f} ms",
        target=f"p50 ≤ {TARGET_MS} ms",
        is_met=p50_ms <= TARGET_MS,
    )
