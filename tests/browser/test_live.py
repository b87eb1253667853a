"""Lines that run by live."""

import os
import signal
import sys

from selenium.webdriver import Keys

from tests.browser.explorer import Explorer
from tests.browser.flood import measure_flood
from tests.browser.latency import measure_live_latency
from tests.installation import Up


def go_live(page: Explorer, query: str = "") -> None:
    page.tenant.send({"message": "before"})
    page.open(f"&live=1{query}")
    page.until_live()


def test_a_posted_line_appears_by_itself(page: Explorer) -> None:
    go_live(page)
    page.tenant.send({"message": "fresh", "level": "warn"})
    page.until_shown("fresh")
    assert page.messages()[:2] == ["fresh", "before"]


def test_the_filter_changes_while_lines_run(page: Explorer) -> None:
    go_live(page)
    page.search("level:error")
    page.until(lambda: "level%3Aerror" in page.driver.current_url, "not in the address")
    page.until_live()
    page.tenant.send({"message": "harmless", "level": "info"}, {"message": "bad", "level": "error"})
    page.until_shown("bad")
    assert page.messages() == ["bad"]


def test_scrolling_away_pauses_and_the_pill_brings_the_new_lines(page: Explorer) -> None:
    page.tenant.send(*({"message": f"old {n}"} for n in range(200)))
    page.open("&live=1")
    page.until_live()
    page.until_shown("old 199")
    page.js("document.getElementById('list').scrollTop = 500")
    page.until(lambda: "Paused" in page.text("#live-state"), "scrolling does not pause")
    held = page.messages()
    page.tenant.send({"message": "new 1"}, {"message": "new 2"})
    page.until(lambda: "2 new" in page.text("#pill"), "the pill does not count")
    assert page.messages() == held
    page.click("#pill")
    page.until_shown("new 2")
    assert page.messages()[:2] == ["new 2", "new 1"]


# A sound is a tone of the browser's own; what is started is counted.
_LISTEN = """
window.tones = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { window.tones += 1; start.apply(this, when); };
"""
_LOOK_ELSEWHERE = """
Object.defineProperty(document, "hidden", { configurable: true, value: arguments[0] });
document.dispatchEvent(new Event("visibilitychange"));
"""


def test_a_match_flashes_the_title_and_plays_a_sound(page: Explorer) -> None:
    go_live(page, "&words=refused")
    page.js(_LISTEN)
    for name in ("flash", "sound"):
        page.click("#view-button")
        page.click(f"#view-{name}")
        page.press(Keys.ESCAPE)
    page.tenant.send({"message": "harmless"})
    page.until_shown("harmless")
    assert page.js("return window.tones") == 0
    page.js(_LOOK_ELSEWHERE, True)
    page.tenant.send({"message": "card refused"}, {"message": "nothing of note"})
    page.until(lambda: page.driver.title == "★ 1 new", "the title does not flash")
    assert page.js("return window.tones") == 1
    page.js(_LOOK_ELSEWHERE, False)
    assert page.driver.title == "Logs · Logplatform"
    page.until_shown("card refused")
    page.js("localStorage.clear()")


def test_a_flood_keeps_the_page_quick_and_counts_what_it_leaves_out(page: Explorer) -> None:
    go_live(page)
    page.js(
        "window.busy = 0; new PerformanceObserver((list) => list.getEntries()"
        ".forEach((e) => { window.busy += e.duration }))"
        ".observe({ entryTypes: ['longtask'] })"
    )
    for run in range(5):
        page.tenant.send(*({"message": f"flood {run} {n}"} for n in range(4000)))
    page.until_shown("flood 4 3999")
    page.until(lambda: "not shown" in page.text("#dropped"), "nothing is said about the rest")
    assert len(page.css(".row")) < 100
    sys.stdout.write(f"\nlong tasks during 20 000 lines: {page.js('return window.busy'):.0f} ms\n")


def test_a_lost_connection_is_told_and_the_gap_is_filled(page: Explorer, up: Up) -> None:
    go_live(page)
    page.driver.execute_cdp_cmd("Network.enable", {})
    web = up.main_pid("web")
    os.kill(web, signal.SIGKILL)
    page.until(lambda: "Connection lost" in page.text("#live-state"), "the loss is not told")
    page.until(lambda: up.answers("/healthz") and up.main_pid("web") != web, "web is not back")
    page.tenant.send({"message": "meanwhile"})
    page.until_live()
    page.until_shown("meanwhile")
    page.tenant.send({"message": "after"})
    page.until_shown("after")
    page.log()


def test_how_long_a_line_takes(page: Explorer) -> None:
    """No time is asserted: the machine may be busy. `make bench` reports it."""
    go_live(page)
    latency = measure_live_latency(page)
    sys.stdout.write(f"\n{latency}\n")
    assert len(latency.samples_ms) == 50


def test_two_thousand_lines_a_second_do_not_stutter(page: Explorer, up: Up) -> None:
    """The share of long tasks is asserted loosely: others use the machine too."""
    page.driver.execute_cdp_cmd("Performance.enable", {})
    go_live(page, "&range=5m")
    flood = measure_flood(page, up, seconds=10, rate=2000)
    sys.stdout.write(f"\n{flood}\n")
    assert flood.busy < 0.2
    assert flood.rows < 100
    assert flood.heap_after_bytes < flood.heap_before_bytes + 16 * 2**20


def test_a_tail_is_started_filtered_and_paused_by_keys(page: Explorer) -> None:
    page.tenant.send({"message": "before"})
    page.open("&words=declined")
    page.until_shown("before")
    page.press("l")
    page.until_live()
    page.press("/")
    page.driver.switch_to.active_element.send_keys("level:warn", Keys.ENTER)
    page.until(lambda: "level%3Awarn" in page.driver.current_url, "not in the address")
    page.until_live()
    page.tenant.send(
        {"message": "card accepted", "level": "info"}, {"message": "card declined", "level": "warn"}
    )
    page.until_shown("card declined")
    assert page.messages() == ["card declined"]
    assert page.text(".row mark.own") == "declined"
    page.press(Keys.ESCAPE, "p")
    page.until(lambda: "Paused" in page.text("#live-state"), "p does not pause")
    page.press("p", "l")
    page.until(lambda: "live=1" not in page.driver.current_url, "l does not end it")
