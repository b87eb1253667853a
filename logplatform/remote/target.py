"""Whom commands speak to when nobody says: the installation whose first start was here."""

import json
from pathlib import Path

from logplatform.kernel.errors import PlatformError
from logplatform.remote.client import Target


class NoTarget(PlatformError):
    """Neither --url and --key nor a first start to take them from."""

    code = "remote_no_target"
    status = 0
    message = "It is not said which installation: {file} is not there or cannot be read."
    hint = "Start it once with `make up`, name its DATA_DIR, or give --url and --key."


def find_target(data_dir: Path, *, url: str = "", key: str = "", scope: str = "ingest") -> Target:
    """The target given; what is missing is that of the installation in `data_dir`.

    Args:
        data_dir: where a first start leaves its address and keys.
        url, key: what is given instead.
        scope: what the key must be for, `ingest` or `query`.
    Raises:
        NoTarget: something is missing and there was no first start.
    """
    if url and key:
        return Target(url=url, key=key)
    file = data_dir / "first-run.json"
    try:
        known = json.loads(file.read_text()) | _running(data_dir)
        return Target(url=url or known["url"], key=key or known[f"{scope}_key"])
    except (OSError, ValueError, KeyError) as error:
        raise NoTarget(file=str(file)) from error


def _running(data_dir: Path) -> dict[str, str]:
    """Where the installation listens since its last start; the port may be another than then."""
    try:
        return {"url": json.loads((data_dir / "runtime.json").read_text())["url"]}
    except (OSError, ValueError, KeyError):
        return {}
