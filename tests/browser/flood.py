"""What a fast live tail costs the page: `python -m tests.browser.flood [seconds] [lines a second]`.

Used by a test, for a shorter time.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests import environment  # noqa: F401  (settings of its own before Django is loaded)
from tests.browser.explorer import Explorer, Tenant, start_chromium
from tests.browser.screens import installation
from tests.installation import Up

# Long tasks are those over 50 ms; frames tell how smooth it was.
_WATCH = """
window.flood = {longMs: 0, longest: 0, frames: 0, slowFrames: 0, shown: 0};
new PerformanceObserver((list) => list.getEntries().forEach(({duration}) => {
  window.flood.longMs += duration;
  window.flood.longest = Math.max(window.flood.longest, duration);
})).observe({entryTypes: ["longtask"]});
let last = performance.now();
const frame = (now) => {
  window.flood.frames += 1;
  if (now - last > 100) window.flood.slowFrames += 1;
  last = now;
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """What the page went through."""

    seconds: float
    sent: int
    not_shown: int
    long_ms: float
    longest_ms: float
    slow_frames: int
    heap_before_bytes: int
    heap_after_bytes: int
    rows: int

    @property
    def busy(self) -> float:
        """Share of the time in long tasks, 0 to 1."""
        return self.long_ms / 1000 / self.seconds

    def __str__(self) -> str:
        before, after = (n / 2**20 for n in (self.heap_before_bytes, self.heap_after_bytes))
        return (
            f"{self.sent / self.seconds:.0f} lines/s for {self.seconds:.0f} s: long tasks "
            f"{self.busy:.1%} (longest {self.longest_ms:.0f} ms), {self.slow_frames} frames over "
            f"100 ms, heap {before:.1f} → {after:.1f} MiB, {self.not_shown} not shown, "
            f"{self.rows} row elements"
        )


def measure_flood(page: Explorer, up: Up, *, seconds: int, rate: int) -> Flood:
    """Let `rate` lines a second run through a page that is live already."""
    page.js(_WATCH)
    with _generated(page.tenant, up, rate):
        _pass(page, seconds * 0.2)  # the list is full then: from here on memory must be flat
        before, began, sent = _heap_bytes(page), time.monotonic(), _total(page)
        page.js("Object.assign(window.flood, {longMs: 0, longest: 0, slowFrames: 0})")
        _pass(page, seconds)
        seen: dict[str, Any] = page.js("return window.flood")
        took = time.monotonic() - began
        sent = _total(page) - sent
    return Flood(
        seconds=took,
        sent=sent,
        not_shown=page.js("return Number(document.getElementById('dropped').dataset.count || 0)"),
        long_ms=seen["longMs"],
        longest_ms=seen["longest"],
        slow_frames=seen["slowFrames"],
        heap_before_bytes=before,
        heap_after_bytes=_heap_bytes(page),
        rows=len(page.css(".row")),
    )


@contextmanager
def _generated(tenant: Tenant, up: Up, rate: int) -> Iterator[None]:
    command = [sys.executable, "manage.py", "generate", "--rate", str(rate)]
    command += ["--to-api", tenant.url, "--key", tenant.key]
    process = subprocess.Popen(command, env=up.environment(), stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _pass(page: Explorer, seconds: float) -> None:
    page.driver.set_script_timeout(seconds + 30)
    page.driver.execute_async_script("setTimeout(arguments[1], arguments[0])", seconds * 1000)


def _heap_bytes(page: Explorer) -> int:
    page.driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    metrics = page.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return int(next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize"))


def _total(page: Explorer) -> int:
    """Lines stored so far."""
    answer = page.tenant.http.get("/api/v1/logs/stats", params={"app": page.tenant.slug})
    return int(answer.json()["total"])


def main() -> None:
    """A fresh installation, one page, one flood."""
    seconds, rate = (int(text) for text in (sys.argv[1:] + ["60", "2000"][len(sys.argv) - 1 :]))
    with installation() as up:
        driver = start_chromium(tempfile.mkdtemp(prefix="flood-chromium-"))
        driver.execute_cdp_cmd("Performance.enable", {})
        page = Explorer(driver, Tenant(up, "Flood"))
        driver.get(f"{page.tenant.url}/login")
        session = page.tenant.http.cookies["sessionid"]
        driver.add_cookie({"name": "sessionid", "value": session, "path": "/"})
        page.tenant.send({"message": "before"})
        page.open("&live=1&range=5m")
        page.until_live()
        sys.stdout.write(f"{measure_flood(page, up, seconds=seconds, rate=rate)}\n")
        driver.quit()


if __name__ == "__main__":
    main()
