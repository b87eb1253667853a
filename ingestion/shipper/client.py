"""The HTTP side of shipping: one kept-alive connection to `POST /api/v1/ingest`."""

import http.client
import json
import select
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from logplatform.kernel.errors import PlatformError

INGEST_PATH = "/api/v1/ingest"
_BUSY = frozenset({408, 425, 429})


class Unavailable(PlatformError):
    """The platform cannot take the body now; trying again later is right."""

    code = "ship_unavailable"
    status = 0
    message = "{url} does not take lines now: {reason}."
    hint = "It is tried again by itself; what was not acknowledged is not lost."


class Refused(PlatformError):
    """The platform refused the request; trying again would not help."""

    code = "ship_refused"
    status = 0
    message = "{url} refused the request ({http_status}): {reason}"
    hint = "{advice}"


class BadTarget(PlatformError):
    """The URL is not one of an installation."""

    code = "ship_bad_url"
    status = 0
    message = "'{url}' is not the address of an installation."
    hint = "Give --url as it stands in the browser, for instance http://localhost:8000."


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to send, and with which key."""

    url: str
    key: str


class IngestClient:
    """Talks to one installation over one connection. Not safe for use by several threads."""

    def __init__(self, target: Target, *, timeout_s: float = 30) -> None:
        parts = urlsplit(target.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadTarget(url=target.url)
        self.url = f"{parts.scheme}://{parts.netloc}"
        self._prefix = parts.path.removesuffix("/").removesuffix(INGEST_PATH)
        self._headers = {"Authorization": f"Bearer {target.key}", "User-Agent": "logplatform-ship"}
        self._connection: http.client.HTTPConnection = (
            http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=timeout_s, context=ssl.create_default_context()
            )
            if parts.scheme == "https"
            else http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)
        )

    def post(
        self, body: bytes, *, headers: Mapping[str, str], params: Mapping[str, str]
    ) -> dict[str, Any]:
        """Send one body once.

        Returns:
            The receipt of the answer: `accepted` (202), or all numbers (200 with `wait=true`).
        Raises:
            Unavailable: not taken or unknown; send the same again, with the same Idempotency-Key.
            Refused: not taken and never will be.
        """
        query = f"?{urlencode(params)}" if params else ""
        return self._exchange("POST", f"{INGEST_PATH}{query}", body, headers)

    def receipt(self, receipt_id: str) -> dict[str, Any]:
        """The numbers of an earlier body. Raises like `post`."""
        return self._exchange("GET", f"/api/v1/receipts/{receipt_id}", None, {})

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        self._connection.close()

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
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
        )


def _is_stale(connection: http.client.HTTPConnection) -> bool:
    """Whether the far side closed a kept-alive connection: then it is readable, with nothing."""
    return bool(select.select([connection.sock], [], [], 0)[0])


def _json(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _seconds(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
