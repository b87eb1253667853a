"""Pictures of sources, dashboards and the admin: `python -m tests.browser.screens_of_pages`."""

import random
import tempfile
from datetime import UTC, datetime, timedelta

from tests import environment  # noqa: F401  (settings of its own before Django is loaded)
from tests.browser.boards import open_dashboards, until_answered
from tests.browser.explorer import Explorer, Tenant, start_chromium
from tests.browser.screens import PHONE, WIDE, Camera, installation, traffic

AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "curl/8.5.0",
)
PATHS = ("/cart/%d", "/products/%d", "/search?q=%d", "/checkout/%d/pay", "/health?%d")
PANELS = (
    {"title": "Errors", "kind": "number", "q": "level>=error", "w": 3, "h": 4},
    {"title": "Median of the checkout", "kind": "number", "metrics": ["p50:duration_ms"]}
    | {"q": "service:payment", "x": 3, "w": 3, "h": 4},
    {"title": "Requests by status", "kind": "bar", "group_by": ["status"], "x": 6, "w": 6, "h": 8},
    {"title": "When services fail", "kind": "heat", "q": "level>=warn", "group_by": ["service"]}
    | {"y": 4, "w": 6, "h": 7},
    {"title": "Duration", "kind": "time", "metrics": ["p50:duration_ms", "p95:duration_ms"]}
    | {"x": 6, "y": 8, "w": 6, "h": 7},
    {
        "title": "Volume by service",
        "kind": "time",
        "group_by": ["service"],
        "y": 11,
        "w": 6,
        "h": 7,
    },
    {
        "title": "Who fails most",
        "kind": "table",
        "q": "level>=error",
        "group_by": ["service", "host"],
    }
    | {"metrics": ["count", "unique:user_id"], "x": 6, "y": 15, "w": 6, "h": 7},
)


def main() -> None:
    """Start everything, make an hour of traffic, take the pictures."""
    with installation() as up:
        driver = start_chromium(tempfile.mkdtemp(prefix="screens-chromium-"))
        page = Explorer(driver, Tenant(up, "Web shop"))
        page.driver.get(f"{page.tenant.url}/login")
        session = page.tenant.http.cookies["sessionid"]
        page.driver.add_cookie({"name": "sessionid", "value": session, "path": "/"})
        camera = Camera(page)
        take_first_source(page, camera)
        with traffic(up, page.tenant, "--count", "40000", "--over", "58m"):
            pass
        send_access_log(page.tenant)
        with traffic(up, page.tenant, "--rate", "60"):
            take_dashboards(page, camera)
            take_sources(page, camera)
            take_admin(page, camera)
        driver.quit()


def send_access_log(tenant: Tenant, count: int = 6000) -> None:
    """An hour of a web server in front of the shop, from a source of its own, some of it cut."""
    chosen, now = random.Random(7), datetime.now(UTC)
    lines = [
        f"198.51.{chosen.randint(0, 9)}.{int(chosen.paretovariate(1)) % 250} - - "
        f"[{now - timedelta(seconds=3500 - 3500 * n / count):%d/%b/%Y:%H:%M:%S} +0000] "
        f'"GET {chosen.choice(PATHS) % chosen.randint(1, 999)} HTTP/1.1" '
        f'{chosen.choices((200, 304, 404, 500), (90, 6, 3, 1))[0]} 577 "-" '
        f'"{chosen.choices(AGENTS, (5, 3, 3, 1))[0]}"'
        for n in range(count)
    ]
    source = tenant.create("sources", app=tenant.slug, name="Edge", format="access_combined")
    key = tenant.create("keys", source=source["id"], name="edge", scopes=["ingest"])["key"]
    body = "\n".join([*lines, "upstream timed out"] + ["-"] * 3)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "text/plain"}
    assert tenant.http.post("/api/v1/ingest?wait=true", content=body, headers=headers).is_success
    tenant.create("sources", app=tenant.slug, name="Mobile app")


def settled(page: Explorer) -> None:
    """Panels have their answers and their pictures."""
    until_answered(page)
    page.js("return new Promise((done) => setTimeout(done, 800))")


def take_first_source(page: Explorer, camera: Camera) -> None:
    """An app that has sent nothing: what to paste."""
    page.resize(*WIDE)
    page.driver.get(f"{page.tenant.url}/sources?app={page.tenant.slug}")
    page.until(lambda: page.text("#snippet"), "no snippet")
    page.click("#issue-key")
    page.until(lambda: "Bearer lgs_" in page.text("#snippet"), "no key in the text")
    page.until(lambda: not page.css(".toast"), "the toast stays")
    camera.take("sources-first")


def take_sources(page: Explorer, camera: Camera) -> None:
    """Sources that send, are refused, and wait."""
    page.resize(*WIDE)
    page.driver.get(f"{page.tenant.url}/sources?app={page.tenant.slug}&how=kubernetes")
    page.until(lambda: len(page.css("#sources tr")) == 3, "not all sources")
    camera.take("sources-light")
    camera.take("sources-dark", theme="dark")
    camera.take("sources-phone", size=PHONE)


def take_dashboards(page: Explorer, camera: Camera) -> None:
    """The overview, one of one's own, arranging it."""
    page.resize(*WIDE)
    open_dashboards(page, query="&range=1h&refresh=0")
    page.until(lambda: page.css("[data-id=volume] canvas"), "no chart")
    for name, size, theme in (
        ("overview-light", WIDE, "light"),
        ("overview-dark", WIDE, "dark"),
        ("overview-phone", PHONE, "light"),
    ):
        page.resize(*size)
        settled(page)
        camera.take(name, size=size, theme=theme)
    page.resize(*WIDE)
    made = page.tenant.create(
        "dashboards", app=page.tenant.slug, name="Shop floor", panels=PANELS, is_shared=True
    )
    open_dashboards(page, f"/{made['id']}", "&range=1h")
    settled(page)
    camera.take("dashboard-light")
    camera.take("dashboard-dark", theme="dark")
    page.resize(*PHONE)
    settled(page)
    camera.take("dashboard-phone", size=PHONE)
    page.resize(*WIDE)
    settled(page)
    page.press("e")
    page.js("document.querySelector('[data-kind=heat] .grip').focus()")
    camera.take("dashboard-arranging")
    page.press("a")
    camera.take("dashboard-panel")


def take_admin(page: Explorer, camera: Camera) -> None:
    """The front page in every form, reasons, schedules."""
    for name, path, size, theme in (
        ("admin-overview-light", "", WIDE, "light"),
        ("admin-overview-dark", "", WIDE, "dark"),
        ("admin-overview-phone", "", PHONE, "light"),
        ("admin-not-stored", "ingestion/source/not-stored/?days=all", WIDE, "light"),
        ("admin-schedules", "django_celery_beat/periodictask/", WIDE, "light"),
    ):
        page.resize(*size)
        page.driver.get(f"{page.tenant.url}/admin/{path}")
        page.js("document.documentElement.classList.toggle('dark', arguments[0] === 'dark')", theme)
        camera.take(name, size=size, theme=theme)


if __name__ == "__main__":
    main()
