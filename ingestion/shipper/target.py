"""Where commands send lines when nobody says: the installation whose first start was here."""

import json
from pathlib import Path

from ingestion.shipper.client import Target
from logplatform.kernel.errors import PlatformError


class NoTarget(PlatformError):
    """Neither --url and --key nor a first start to take them from."""

    code = "ship_no_target"
    status = 0
    message = "It is not said where to send: {file} is not there or cannot be read."
    hint = "Start the platform once with `make up`, or give --url and --key."


def find_target(data_dir: Path, *, url: str = "", key: str = "") -> Target:
    """The target given; what is missing is that of the installation in `data_dir`.

    Raises:
        NoTarget: something is missing and there was no first start.
    """
    if url and key:
        return Target(url=url, key=key)
    file = data_dir / "first-run.json"
    try:
        known = json.loads(file.read_text()) | _running(data_dir)
        return Target(url=url or known["url"], key=key or known["ingest_key"])
    except (OSError, ValueError, KeyError) as error:
        raise NoTarget(file=str(file)) from error


def _running(data_dir: Path) -> dict[str, str]:
    """Where the installation listens since its last start; the port may be another than then."""
    try:
        return {"url": json.loads((data_dir / "runtime.json").read_text())["url"]}
    except (OSError, ValueError, KeyError):
        return {}
