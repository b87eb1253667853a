"""Free space below DATA_DIR: looked at every few seconds, never by a request.

The queue's server ends itself when it cannot append, and the engine refuses to insert; so the door
closes before, and opens by itself once there is room again.
"""

import logging
import os
from dataclasses import dataclass

from django.conf import settings

from ingestion.errors import DiskFull

logger = logging.getLogger(__name__)

_LEAST_SHARE = 0.05
_is_short = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Bytes free for us, and how many must stay free."""

    free_bytes: int
    needed_bytes: int

    @property
    def is_short(self) -> bool:
        """Whether nothing more may be taken."""
        return self.free_bytes < self.needed_bytes


def look() -> Space:
    """How it stands now: 5 % of the disk or MIN_FREE_BYTES, whichever is more, must stay free.

    Raises:
        OSError: there is no such folder, or it cannot be asked.
    """
    disk = os.statvfs(settings.ENV.data_dir)
    share = int(disk.f_blocks * disk.f_frsize * _LEAST_SHARE)
    return Space(
        free_bytes=disk.f_bavail * disk.f_frsize,
        needed_bytes=max(share, settings.ENV.min_free_bytes),
    )


def watch() -> None:
    """Look, and remember for `check_space`; a folder that is not there closes nothing."""
    global _is_short
    try:
        is_short = look().is_short
    except OSError:
        is_short = False
    if is_short != _is_short:
        logger.warning("The disk is nearly full" if is_short else "The disk has room again")
    _is_short = is_short


def check_space() -> None:
    """Raise DiskFull where `watch` found too little space."""
    if _is_short:
        raise DiskFull()
