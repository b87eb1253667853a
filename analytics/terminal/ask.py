"""Asks an installation for lines over its API, a page at a time."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any
from unicodedata import combining, east_asian_width
from urllib.parse import urlencode

from logplatform.kernel.errors import PlatformError
from logplatform.remote.client import BadTarget, Refused, RemoteClient

MAX_LINES = 100_000
_PAGE = 1_000
_SHORT = re.compile(r"\d{1,9}[smhdw]", re.ASCII)
Record = dict[str, Any]


class UnreadableQuery(PlatformError):
    """The query as the installation refused it, with a mark below the place."""

    code = "query_at"
    status = 0
    message = "{reason}\n{text}\n{mark}"
    hint = "{advice}"


class UnreadableTime(PlatformError):
    """`--since` or `--until` as the installation refused it."""

    code = "time_of_logs"
    status = 0
    message = "{reason}"
    hint = "Write --since and --until as 15m, 2h or 7d, or as a time in ISO-8601."


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is searched for; times as the API takes them, empty for its defaults."""

    q: str = ""
    app: str = ""
    start: str = ""
    end: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """As the API takes them."""
        values = {"q": self.q, "app": self.app, "start": self.start, "end": self.end}
        return {name: value for name, value in values.items() if value}


def moment(text: str) -> str:
    """`1h` is `now-1h`; everything else stays as it is."""
    return f"now-{text}" if _SHORT.fullmatch(text) else text


def newest(client: RemoteClient, question: Question, count: int) -> list[Record]:
    """The newest lines, oldest first.

    Raises:
        UnreadableQuery, Unavailable, Refused; BadTarget: it is something else that answers.
    """
    found = list(islice(_newest_first(client, question, count), count))
    found.reverse()
    return found


def since(client: RemoteClient, question: Question, start: str) -> list[Record]:
    """The lines from a moment on, oldest first, a page at most. Raises: as `newest`."""
    return newest(client, replace(question, start=start, end=""), _PAGE)


def why_nothing(client: RemoteClient, question: Question) -> list[str]:
    """Sentences about why nothing was found, with queries that may have been meant."""
    try:
        path = f"/api/v1/logs/explain?{urlencode(question.parameters)}"
        reasons = client.exchange("GET", path, None, {}).get("reasons") or []
    except PlatformError:  # the search itself was answered
        reasons = []
    sentences = ["No line was found."]
    for reason in reasons:
        meant = [fix["q"] for fix in reason["suggestions"] if not fix["start"]]
        sentences.append(reason["message"])
        sentences += [f"  Did you mean: {q}" for q in meant]
    return sentences


def _newest_first(client: RemoteClient, question: Question, count: int) -> Iterator[Record]:
    cursor: str | None = ""
    while count > 0 and cursor is not None:
        page = _page(client, question, {"limit": str(min(count, _PAGE)), "cursor": cursor})
        yield from page["results"]
        count -= len(page["results"])
        cursor = page.get("next")


def _page(client: RemoteClient, question: Question, more: Mapping[str, str]) -> dict[str, Any]:
    given = {**question.parameters, **{name: value for name, value in more.items() if value}}
    try:
        page = client.exchange("GET", f"/api/v1/logs?{urlencode(given)}", None, {})
    except Refused as error:
        raise explained(error, question.q) from error
    if not isinstance(page.get("results"), list):
        raise BadTarget(url=client.url)
    return page


def explained(error: Refused, q: str) -> PlatformError:
    """The refusal in the words of the command, with its place in the query, if it has one."""
    if error.data["told"].get("code") == "invalid_time":
        return UnreadableTime(reason=error.data["reason"])
    place = error.data["told"].get("data", {}).get("position")
    if not isinstance(place, int) or isinstance(place, bool):
        return error
    text = "".join(letter if letter.isprintable() else " " for letter in q)
    reason, advice = error.data["reason"], error.data["advice"]
    mark = "".join(" " * _width(letter) for letter in text[:place]) + "^"
    return UnreadableQuery(text=text, mark=mark, reason=reason, advice=advice)


def _width(letter: str) -> int:
    """Columns of a terminal that a letter takes."""
    if combining(letter):
        return 0
    return 2 if east_asian_width(letter) in "WF" else 1
