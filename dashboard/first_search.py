"""The first search of the explorer, asked while its scripts are still on their way.

The page hints at the address its script will ask for; the browser fetches it at once and hands the
answer over. Where the two disagree the script asks by itself, and the hint was for nothing.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus

from django.http import HttpRequest

PAGE_LINES = 100
_RANGE = re.compile(r"(\d{1,3})([mhd])")
_USUAL_RANGE = "15m"
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")  # as scripts write it


def first_search(request: HttpRequest, slugs: Sequence[str], now_ms: int) -> str | None:
    """The address of the first lines, letter by letter as the script writes it; None if unsure."""
    asked = request.GET
    wanted = (asked.get("app"), request.COOKIES.get("app"), slugs[0])
    app = next(slug for slug in wanted if slug in slugs)
    span = _span(asked.get("start", ""), asked.get("end", ""), asked.get("range", ""), now_ms)
    if asked.get("live") or span is None:
        return None
    parameters = {"app": app, "q": asked.get("q", ""), "start": span[0], "end": span[1]}
    written = "&".join(f"{name}={_written(text)}" for name, text in parameters.items() if text)
    return f"/api/v1/logs?{written}&limit={PAGE_LINES}"


def _span(start: str, end: str, words: str, now_ms: int) -> tuple[str, str] | None:
    if start or end:
        is_plain = _INSTANT.fullmatch(start) and _INSTANT.fullmatch(end)
        return (start, end) if is_plain else None
    found = _RANGE.fullmatch(words or _USUAL_RANGE)
    if not found:
        return None
    until = datetime.fromtimestamp(now_ms / 1000, UTC)
    since = until - timedelta(**{_UNITS[found[2]]: int(found[1])})
    return _instant(since), _instant(until)


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _written(text: str) -> str:
    """Encoded as `URLSearchParams` does."""
    return quote_plus(text, safe="*").replace("~", "%7E")
