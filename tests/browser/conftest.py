"""One installation and one browser for all journeys; an app of its own for each test."""

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser.explorer import CHROMIUM, DRIVER, Explorer, Tenant, start_chromium
from tests.installation import Up

_names = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, whatever its file forgot."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A running installation."""
    up = Up(tmp_path_factory.mktemp("browser") / "data")
    up.start()
    yield up
    up.stop()


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A browser that nobody is signed in with."""
    missing = [path for path in (CHROMIUM, DRIVER) if not shutil.which(path)]
    if missing:
        pytest.skip(f"Chromium is not installed: no {' and no '.join(missing)}")
    driver = start_chromium(str(tmp_path_factory.mktemp("chromium")))
    driver.set_page_load_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture
def stranger(driver: Chrome, up: Up) -> Iterator[Explorer]:
    """The browser before signing in, on a new app; scripts must run and the policy must hold."""
    driver.get(f"http://localhost:{up.port}/healthz")
    driver.delete_all_cookies()
    page = Explorer(driver, Tenant(up, f"Journey {next(_names)}"))
    page.log()
    yield page
    assert page.problems() == []


@pytest.fixture
def page(stranger: Explorer) -> Explorer:
    """The same, signed in."""
    session = stranger.tenant.http.cookies["sessionid"]
    stranger.driver.add_cookie({"name": "sessionid", "value": session, "path": "/"})
    return stranger
