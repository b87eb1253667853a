"""Places and networks of addresses, out of MaxMind-format files; names by ECS.

A file is copied before it is opened: one that is overwritten in place would take the process with
it, as it is mapped into memory. Source: https://maxmind.github.io/MaxMind-DB/.
"""

import logging
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import maxminddb

from parsing.enrichment.addresses import address_of

logger = logging.getLogger(__name__)

NAMES = (
    "client.geo.country_iso_code",
    "client.geo.city_name",
    "client.as.number",
    "client.as.organization.name",
)
LOOK_S = 5.0
MAX_NEW = 5_000
_MAX_KNOWN = 100_000
_NOTHING: tuple[str | None, ...] = (None,) * len(NAMES)


@dataclass(slots=True)
class _Opened:
    """One file as it was when it was opened; `problem` says why there is no reader."""

    path: Path
    stamp: tuple[int, int, int] | None = None
    reader: Any = None
    problem: str = ""

    def refresh(self) -> bool:
        """Open the file again if it is another one now."""
        stamp = _stamp(self.path)
        if stamp == self.stamp and (self.reader or self.problem):
            return False
        if self.reader:
            self.reader.close()
        self.stamp, self.reader, self.problem = stamp, None, ""
        try:
            self.reader = _open_copy(self.path)
        except Exception as error:  # the reader lets many kinds through for a file that is none
            self.problem = f"{self.path}: {type(error).__name__}: {error}"[:300]
            logger.warning("A GeoIP file cannot be used", extra={"why": self.problem})
        return True

    def find(self, address: str) -> Mapping[str, Any]:
        """What the file holds about an address."""
        if self.reader is None:
            return {}
        try:
            found = self.reader.get(address)
        except Exception:  # likewise: damaged within, or an IPv6 address in a file of IPv4
            return {}
        return found if isinstance(found, dict) else {}


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _open_copy(path: Path) -> Any:
    with tempfile.NamedTemporaryFile(prefix="geoip-", suffix=".mmdb") as copy:
        shutil.copyfile(path, copy.name)
        return maxminddb.open_database(copy.name)


@dataclass(slots=True)
class GeoFiles:
    """Opened files, looked at every `LOOK_S` for whether they changed, and the answers so far."""

    paths: tuple[Path, ...]
    _files: list[_Opened] = field(default_factory=list)
    _looked_at: float = float("-inf")
    _known: dict[str, tuple[str | None, ...]] = field(default_factory=dict)

    def problems(self) -> list[str]:
        """Why files cannot be used, a sentence each."""
        self._look()
        return [file.problem for file in self._files if file.problem]

    def find(self, texts: list[str]) -> Sequence[Sequence[str | None]]:
        """For each of `NAMES`, the answers for every text; after `MAX_NEW` unknown ones, none."""
        self._look()
        left = MAX_NEW
        found = []
        for text in texts:
            answer = self._known.get(text)
            if answer is None and left:
                left -= 1
                answer = self._known[text] = self._ask(text)
            found.append(answer or _NOTHING)
        if len(self._known) > _MAX_KNOWN:
            self._known.clear()
        return list(zip(*found, strict=True))

    def _look(self) -> None:
        if not self._files:
            self._files = [_Opened(path) for path in self.paths]
        if time.monotonic() - self._looked_at < LOOK_S:
            return
        self._looked_at = time.monotonic()
        for file in self._files:
            if file.refresh():
                self._known.clear()

    def _ask(self, text: str) -> tuple[str | None, ...]:
        address = address_of(text)
        if address is None:
            return _NOTHING
        several = [_answer(file.find(str(address))) for file in self._files]
        return tuple(next(filter(None, column), None) for column in zip(*several, strict=True))


def _answer(found: Mapping[str, Any]) -> tuple[str | None, ...]:
    """The four answers of one entry: nested as MaxMind's, or flat as of others."""
    country, city = found.get("country"), found.get("city")
    number = found.get("autonomous_system_number", found.get("asn"))
    organization = found.get("autonomous_system_organization", found.get("as_name"))
    return (
        _text(country.get("iso_code") if isinstance(country, dict) else country),
        _text(_english(city) if isinstance(city, dict) else city),
        _text(number.removeprefix("AS") if isinstance(number, str) else number),
        _text(organization),
    )


def _english(place: Mapping[str, Any]) -> Any:
    names = place.get("names")
    return names.get("en") if isinstance(names, dict) else None


def _text(value: Any) -> Any:
    return str(value)[:200] if isinstance(value, str | int) and value else None
