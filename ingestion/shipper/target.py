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
    """The target given, its missing half from `first-run.json` in `data_dir`.

    Raises:
        NoTarget: a half is missing and the file does not have it.
    """
    if url and key:
        return Target(url=url, key=key)
    file = data_dir / "first-run.json"
    try:
        known = json.loads(file.read_text())
        return Target(url=url or known["url"], key=key or known["ingest_key"])
    except (OSError, ValueError, KeyError) as error:
        raise NoTarget(file=str(file)) from error
