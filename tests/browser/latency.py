"""How long a line takes from POST to the open page. Used by a test and by the benchmarks."""

import statistics
import time
import uuid
from dataclasses import dataclass

from tests.browser.explorer import Explorer

# A mutation observer marks the moment the row of a message is in the document.
_WATCH = """
const wanted = arguments[0];
const seen = () => {
  for (const row of document.querySelectorAll(".row:not([hidden]) .message")) {
    if (row.textContent !== wanted) continue;
    performance.mark(wanted);
    observer.disconnect();
    return;
  }
};
const observer = new MutationObserver(seen);
const what = {childList: true, subtree: true, attributes: true};
observer.observe(document.getElementById("rows"), what);
"""
_FOUND = """
const [mark] = performance.getEntriesByName(arguments[0]);
return mark ? performance.timeOrigin + mark.startTime : null;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds from before the POST until the row was in the page."""

    samples_ms: list[float]

    @property
    def median_ms(self) -> float:
        """Half of the lines were faster."""
        return statistics.median(self.samples_ms)

    @property
    def p95_ms(self) -> float:
        """One line in twenty was slower."""
        return sorted(self.samples_ms)[int(len(self.samples_ms) * 0.95)]

    def __str__(self) -> str:
        slowest = max(self.samples_ms)
        return (
            f"POST to page: median {self.median_ms:.0f} ms, p95 {self.p95_ms:.0f} ms, "
            f"slowest {slowest:.0f} ms of {len(self.samples_ms)}"
        )


def measure_live_latency(page: Explorer, *, posts: int = 50, pause_s: float = 0.3) -> Latency:
    """Post single lines to a page that is live already, `pause_s` apart."""
    samples = []
    for _ in range(posts):
        message = f"latency {uuid.uuid4()}"
        page.js(_WATCH, message)
        sent_ms = time.time() * 1000
        page.tenant.send({"message": message}, is_awaited=False)
        shown_ms = page.until(lambda m=message: page.js(_FOUND, m), f"{message} is not shown")
        samples.append(shown_ms - sent_ms)
        time.sleep(pause_s)
    return Latency(samples_ms=samples)
