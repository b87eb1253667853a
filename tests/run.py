"""What `make test` runs: every test, the fast ones side by side, then those that need the machine.

Arguments are passed on to pytest: `python -m tests.run -k retention`.
"""

import os
import shutil
import subprocess
import sys

ALONE = "system or browser"
FAILED, NO_TESTS = 1, 5
_APT_S = 300
_FONTS = "fonts-dejavu-core"
# Command → Debian's package.
_TOOLS = {
    "chromium": "chromium",
    "chromedriver": "chromium-driver",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "strace": "strace",
    "faketime": "faketime",
}


def main(arguments: list[str]) -> int:
    """Run both parts; the exit code is the worst of them."""
    ensure_tools()
    processes = str(max(2, min(4, os.cpu_count() or 2)))
    side_by_side = ["-n", processes, "--dist", "loadgroup"]
    codes = [
        run_part(f"not ({ALONE})", *arguments, first=side_by_side),
        run_part(ALONE, *arguments),
    ]
    if set(codes) == {NO_TESTS}:
        return NO_TESTS
    return max(code for code in codes if code != NO_TESTS)


def run_part(marks: str, *arguments: str, first: list[str] | None = None) -> int:
    """Tests with these marks; what fails is run once more, alone, and both runs are shown.

    Many start processes and race with whatever else the machine does: a test that fails twice has
    found something.
    """
    code = pytest(*(first or []), "-m", marks, *arguments)
    if code != FAILED:
        return code
    say("Running once more what failed ...")
    return pytest("-m", marks, "--last-failed", *arguments)


def pytest(*arguments: str) -> int:
    """One run of pytest in a process of its own; its output goes where ours goes."""
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, check=False).returncode


def ensure_tools() -> None:
    """Install what Debian has for tests, where that is possible; else they skip and say why."""
    missing = sorted({package for tool, package in _TOOLS.items() if not shutil.which(tool)})
    if not missing:
        return
    names = ", ".join(missing)
    if not shutil.which("apt-get") or os.geteuid() != 0:
        say(f"Tests that need {names} will be skipped: that is not installed.")
        return
    say(f"Installing {names} for tests (once) ...")
    # An old list may do, and mirrors fail now and then: updating it may fail.
    apt("update", "--quiet")
    if not apt("install", "--yes", "--quiet", "--no-install-recommends", _FONTS, *missing):
        say(f"Tests that need {names} will be skipped: it could not be installed.")


def apt(*arguments: str) -> bool:
    """Whether apt-get did it in time."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            ["apt-get", *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            timeout=_APT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def say(text: str) -> None:
    """One line for whoever waits."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
