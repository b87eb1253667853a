"""What commands need of an installation elsewhere: one kept-alive connection to its API."""

import http.client
import json
import select
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from logplatform.kernel.errors import PlatformError

_BUSY = frozenset({408, 425, 429})


class Unavailable(PlatformError):
    """The installation does not answer now; trying again later is right."""

    code = "remote_unavailable"
    status = 0
    message = "{url} cannot be used now: {reason}."
    hint = "Check --url, and that it runs there; else try again later."


class Refused(PlatformError):
    """The installation refused the request; trying again would not help.

    `told` is the error of its answer.
    """

    code = "remote_refused"
    status = 0
    message = "{url} refused the request ({http_status}): {reason}"
    hint = "{advice}"


class BadTarget(PlatformError):
    """The URL is not one of an installation."""

    code = "remote_bad_url"
    status = 0
    message = "'{url}' is not the address of an installation."
    hint = "Give --url as it stands in the browser, for instance http://localhost:8000."


class BadKey(PlatformError):
    """The key has characters that no key has."""

    code = "remote_bad_key"
    status = 0
    message = "This is no key: it has characters that no key has."
    hint = "Copy it whole; it starts with lgs_."


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where an installation is, and the key to use there."""

    url: str
    key: str


def parts_of(target: Target) -> SplitResult:
    """The address of a target, checked with its key. Raises: BadTarget, BadKey."""
    if not (target.key.isascii() and target.key.isprintable()):
        raise BadKey()
    try:
        parts = urlsplit(target.url)
        is_address = parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        raise BadTarget(url=target.url) from None
    if not is_address or not parts.hostname or not target.url.isprintable():
        raise BadTarget(url=target.url)
    return parts


class RemoteClient:
    """Talks to one installation over one connection. Not safe for use by several threads."""

    user_agent = "logplatform"
    # What people paste behind the address of the installation.
    own_path = "/api/v1"

    def __init__(self, target: Target, *, timeout_s: float = 30) -> None:
        parts = parts_of(target)
        host = parts.hostname or ""
        self.url = f"{parts.scheme}://{parts.netloc}"
        self._prefix = parts.path.removesuffix("/").removesuffix(self.own_path)
        self._headers = {"Authorization": f"Bearer {target.key}", "User-Agent": self.user_agent}
        self._connection: http.client.HTTPConnection = (
            http.client.HTTPSConnection(
                host, parts.port, timeout=timeout_s, context=ssl.create_default_context()
            )
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, parts.port, timeout=timeout_s)
        )

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        self._connection.close()

    def exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """One request and the JSON of its answer.

        Raises:
            Unavailable: not done or unknown.
            Refused: not done and never will be.
        """
        try:
            answer, content = self._send(method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            reason = str(error) or type(error).__name__
            raise Unavailable(url=self.url, reason=reason) from error
        if answer.status < 300:
            return _json(content)
        raise self._error(answer, content)

    def _send(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        if self._connection.sock is not None and _is_stale(self._connection):
            self._connection.close()
        try:
            self._connection.request(
                method, self._prefix + path, body, {**self._headers, **headers}
            )
        except (BrokenPipeError, ConnectionResetError):
            # A body over the limit is answered before it was read to the end.
            if self._connection.sock is None:
                raise
        answer = self._connection.getresponse()
        return answer, answer.read()

    def _error(self, answer: http.client.HTTPResponse, content: bytes) -> PlatformError:
        told = _json(content).get("error", {})
        reason = told.get("message") or f"HTTP {answer.status} {answer.reason}"
        if answer.status in _BUSY or answer.status >= 500:
            return Unavailable(
                url=self.url, reason=reason, retry_after_s=_seconds(answer.getheader("Retry-After"))
            )
        return Refused(
            url=self.url,
            http_status=answer.status,
            reason=reason,
            advice=told.get("hint") or "Compare the URL and the key with those in the admin.",
            told=told,
        )


def _is_stale(connection: http.client.HTTPConnection) -> bool:
    """Whether the far side closed a kept-alive connection: then it is readable, with nothing."""
    return bool(select.select([connection.sock], [], [], 0)[0])


def _json(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _seconds(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
